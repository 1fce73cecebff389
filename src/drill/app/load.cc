#include "drill/app/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "crypto/hash.h"

namespace lifeboat::drill {
namespace {

constexpr unsigned kMostAtOnce = 64;
constexpr double kHundred = 100;

// What one thread met; merged when all have ended.
struct Share {
  std::size_t errors = 0;
  std::string first_error;
  std::vector<Duration> times;
  std::optional<crypto::Digest> good;  // of the last body that every filter took
};

struct Work {
  const LoadPlan& plan;
  const RunContext& context;
  std::atomic<unsigned> next{0};
  std::atomic<std::size_t> made{0};

  bool goes_on() {
    return !context.stop.stop_requested() && std::chrono::steady_clock::now() < plan.until &&
           next++ < plan.step.repeat;
  }
};

void note_error(Share& share, std::string error) {
  if (share.errors++ == 0) share.first_error = std::move(error);
}

// Every body is judged; filters, which need a process, are not run again for one that they took.
std::vector<std::string> judge_answer(const net::HttpResponse& response,
                                      const ExpectOptions& expect, Share& share) {
  auto faults = plain_faults_of(response, expect);
  if (expect.jq.empty()) return faults;
  const auto body = crypto::sha256(view_of(response.body));
  if (share.good == body) return faults;
  const auto more = filter_faults_of(response, expect);
  if (more.empty()) share.good = body;
  faults.insert(faults.end(), more.begin(), more.end());
  return faults;
}

void ask_once(Work& work, net::HttpSession& session, Share& share) {
  ++work.made;
  const auto response =
      session.send(work.plan.request, limits_until(work.plan.until), work.context);
  if (!response) return note_error(share, response.error().describe());
  const auto faults = judge_answer(*response, work.plan.step.expect, share);
  share.times.push_back(response->elapsed);
  if (!faults.empty()) note_error(share, faults.front());
}

void ask_until_done(Work& work, Share& share) {
  net::HttpSession session(work.plan.make_socket);
  while (work.goes_on()) ask_once(work, session, share);
}

}  // namespace

Duration Load::percentile(double part) const {
  if (times.empty()) return Duration(0);
  const auto rank = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1) + 0.5);
  return times[std::min(rank, times.size() - 1)];
}

Result<Load> run_load(const LoadPlan& plan, const RunContext& context) {
  Load load;
  load.at_once = std::clamp(plan.step.concurrency, 1U, std::min(kMostAtOnce, plan.step.repeat));
  Work work{plan, context};
  std::vector<Share> shares(load.at_once);
  {
    std::vector<std::jthread> threads;
    for (auto& share : shares) threads.emplace_back([&] { ask_until_done(work, share); });
  }
  TRY(context.check_stop());
  load.requests = work.made;
  for (auto& share : shares) {
    if (load.errors == 0) load.first_error = share.first_error;
    load.errors += share.errors;
    load.times.insert(load.times.end(), share.times.begin(), share.times.end());
  }
  std::sort(load.times.begin(), load.times.end());
  return load;
}

std::vector<std::string> faults_of(const Load& load, const StepOptions& step) {
  std::vector<std::string> faults;
  const auto& expect = step.expect;
  if (load.requests < step.repeat)
    faults.push_back(
        fmt::format("time was up after {} of {} requests", load.requests, step.repeat));
  if (load.error_rate() > expect.error_rate)
    faults.push_back(fmt::format("{} of {} requests failed; the first: {}", load.errors,
                                 load.requests, load.first_error));
  if (expect.p95 && load.percentile(0.95) > *expect.p95)
    faults.push_back("95 % took up to " + describe_duration(load.percentile(0.95)) + ", over " +
                     describe_duration(*expect.p95));
  return faults;
}

double Load::error_rate() const {
  if (requests == 0) return 0;
  return static_cast<double>(errors) / static_cast<double>(requests);
}

std::string describe(const Load& load) {
  return fmt::format(
      "{} requests, {} at once: {:.1f} % failed; median {}, 95 % {}, 99 % {}", load.requests,
      load.at_once, kHundred * load.error_rate(), describe_duration(load.percentile(0.5)),
      describe_duration(load.percentile(0.95)), describe_duration(load.percentile(0.99)));
}

}  // namespace lifeboat::drill
