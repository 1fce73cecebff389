#include <algorithm>

#include "base/file.h"
#include "drill/app/application.h"
#include "drill/app/inside.h"
#include "drill/app/journey.h"
#include "drill/app/working_copy.h"
#include "drill/measure.h"
#include "drill/step.h"

namespace lifeboat::drill {
namespace {

constexpr std::uint32_t kFirstPort = 20'000;
constexpr std::uint32_t kPorts = 20'000;

std::string random_port(const RunContext& context) {
  const auto bytes = context.random.array<4>();
  const std::uint32_t number = bytes[0] | bytes[1] << 8U | bytes[2] << 16U;
  return std::to_string(kFirstPort + number % kPorts);
}

// The restored application: booted in a cell, asked what its people would ask, stopped. The data
// was compared before; what happens to it now is reported apart.
class AppStep final : public Step {
 public:
  std::string name() const override { return "app"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    if (!state.request.options.app) return {};
    options_ = *state.request.options.app;
    add_passwords(state, options_.secrets);
    const auto spec = spec_for_app(state);
    if (options_.working_copy && production_in(spec, state.request).empty() &&
        unknown_in(spec, state.request).empty())
      TRY(copy_for_work(real_path(options_.directory), state.sandbox->directory() / "app",
                        spec.hidden, context));
    const auto cell = TRY(open_proven(state, {spec, "isolation.network"}, context));
    if (!cell) return {};
    auto names = names_of(state);
    names["sandbox.port"] = random_port(context);
    Application application(options_, names, *cell);
    first_ = state.report.checks.size();
    const auto played = play(state, application, names, context);
    TRY(end(state, application, *cell, context));
    if (!played) return fail(played.error());
    TRY(context.check_stop());  // else it would not have been watched to the end
    compare_after(state, "app", "what booting and the journeys changed is known apart", context);
    return {};
  }

 private:
  Result<void> play(DrillState& state, Application& application, const Names& names,
                    const RunContext& context) const {
    auto ready = answer("app.ready", "the application starts on the restored data and gets ready");
    const Duration begun = context.clock.steady();
    const auto started = application.start(context);
    ready.elapsed = context.clock.steady() - begun;
    if (!started && started.error().code() == Code::not_found)
      return fail(Code::config_invalid, started.error().describe());
    if (!started && started.error().code() != Code::check_failed) return fail(started.error());
    if (!started) {
      state.report.checks.push_back(
          decide(std::move(ready), Outcome::failed, started.error().describe()));
      return {};
    }
    const auto took = "after " + describe_duration(ready.elapsed);
    Duration reached = ready.elapsed;
    reached += recovery_so_far(state.report);
    state.report.checks.push_back(decide(std::move(ready), Outcome::passed, took));
    application.begin_watching(context);
    Journey journey(options_, names, application.sockets());
    auto results = TRY(journey.play(context));
    state.report.measures.service_ready = served(options_.journey, results, reached);
    if (was_asked_for_content(options_.journey, results))
      for (const auto& process : options_.processes)
        note_handed(state.report, process.command, options_.environment);
    for (auto& result : results) state.report.checks.push_back(std::move(result));
    return {};
  }

  // That somebody answers says nothing of what is in the data.
  static bool was_asked_for_content(const std::vector<StepOptions>& journey,
                                    const std::vector<CheckResult>& results) {
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto& expect = journey[i].expect;
      const bool content = !expect.jq.empty() || !expect.body.empty() || !expect.sha256.empty() ||
                           !journey[i].fields.empty();
      if (content && results[i].outcome == Outcome::passed) return true;
    }
    return false;
  }

  // When people would have been served again: nothing unless the whole journey succeeded. A load
  // counts as one of its requests; the others are the drill's, not a recovery's.
  static std::optional<Duration> served(const std::vector<StepOptions>& journey,
                                        const std::vector<CheckResult>& results, Duration reached) {
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].outcome != Outcome::passed) return std::nullopt;
      const auto& step = journey[i];
      reached += results[i].elapsed * std::min(step.concurrency, step.repeat) / step.repeat;
    }
    return reached;
  }

  // Without the cell nobody knows what the application would have done, and whether it stayed.
  static void undecide(std::vector<CheckResult>& checks, std::size_t first, const Error& lost) {
    for (auto i = first; i < checks.size(); ++i) {
      auto& check = checks[i];
      if (check.outcome != Outcome::failed && check.id != "app.alive") continue;
      check.outcome = Outcome::not_run;
      check.message = gone(lost) + "; " + check.message;
    }
  }

  // In every case: what it logged, whether it tried to get out, and that it is gone.
  Result<void> end(DrillState& state, Application& application, sandbox::Cell& cell,
                   const RunContext& context) const {
    auto& checks = state.report.checks;
    application.stop_watching();
    if (application.was_watched()) checks.push_back(judge_alive(application));
    const auto census = cell.look();
    if (!census) undecide(checks, first_, census.error());
    if (census) state.report.measures.application_memory = census->memory_peak;
    const auto group = cell.group();
    const bool ended = application.stop(context);
    prove_still(state, cell, "isolation.network");
    const bool gone = cell.destroy();
    application.await_outputs();
    checks.push_back(judge_log(state, application));
    checks.push_back(judge_attempts(census));
    checks.push_back(say_limits(state.request.options.app->limits, group));
    judge_traffic(state, cell.traffic());
    checks.push_back(judge_end(ended || !census, gone, state.request.options.app->stop_within));
    return keep_log(state, application);
  }

  static CheckResult judge_alive(Application& application) {
    auto result = answer("app.alive", "it stays up and ready through the journeys");
    const auto lapse = application.lapse();
    if (!lapse.empty()) return decide(std::move(result), Outcome::failed, lapse);
    return decide(std::move(result), Outcome::passed,
                  "ready each of " + counted(application.polls(), "time", "times"));
  }

  static CheckResult judge_log(const DrillState& state, const Application& application) {
    const auto& pattern = state.request.options.app->fail_on_log;
    auto result = answer("app.log", pattern.empty() ? "it logs in bounds"
                                                    : "it logs nothing that matches " + pattern);
    result.details = application.bad_lines();
    const auto size = describe_size(application.logged());
    if (!result.details.empty()) {
      auto first = result.details.front();
      return decide(std::move(result), Outcome::failed, std::move(first));
    }
    if (auto why = application.unsearched(); !pattern.empty() && !why.empty())
      return decide(std::move(result), Outcome::not_run, std::move(why));
    if (application.flooded())
      return decide(std::move(result), Outcome::warned,
                    "it wrote " + size + ", more than is searched");
    return decide(std::move(result), Outcome::passed, size + " of log");
  }

  // Which of them the kernel holds, and which are held by looking: a burst between two looks is
  // bounded by those of each process, and by a control group where one may be made.
  static CheckResult say_limits(const sandbox::Limits& limits, const std::string& group) {
    auto result = answer("isolation.limits", "what it may use of this machine is bounded");
    result.details = {
        "memory of all its processes, " + describe_size(limits.memory) + ": counted",
        "number of processes, " + std::to_string(limits.processes) + ": counted",
        "free disk beside the data, " + describe_size(limits.disk_reserve) + ": counted",
        "memory of each process, " + describe_size(limits.memory) + ": RLIMIT_DATA",
        "open files of each process, " + std::to_string(limits.open_files) + ": RLIMIT_NOFILE",
        "size of each file, " + describe_size(limits.file_size) + ": RLIMIT_FSIZE",
        "each of /tmp, /var/tmp, /dev/shm and its home, " + describe_size(limits.temporary) +
            ": the size of the file system"};
    const auto held = group.empty() ? "by counting; no control group may be made here"
                                    : "by counting and by the control group " + group;
    return decide(std::move(result), Outcome::passed,
                  "each process by the kernel, all together " + held);
  }

  // They found no way out; that they were made tells what the application does when it is booted.
  static CheckResult judge_attempts(const Result<sandbox::Census>& census) {
    auto result = answer("isolation.attempts", "it does not try to reach the outside");
    if (!census) return decide(std::move(result), Outcome::not_run, gone(census.error()));
    if (census->outward == 0) return decide(std::move(result), Outcome::passed, "none");
    return decide(std::move(result), Outcome::warned,
                  counted(census->outward, "attempt", "attempts") +
                      " to reach the outside, blocked: a boot of this data sends mail, calls or "
                      "look-ups");
  }

  // The servers of the sandbox come first, in their order: what was asked of them, and then what
  // went out.
  static void judge_traffic(DrillState& state, std::vector<sandbox::Traffic> traffic) {
    auto& checks = state.report.checks;
    for (std::size_t i = 0; i < state.servers.size() && i < traffic.size(); ++i)
      checks.push_back(judge_use(state.servers[i], traffic[i]));
    std::erase_if(traffic, [](const auto& each) { return !each.destination.socket.empty(); });
    if (!traffic.empty()) checks.push_back(write_down(traffic));
  }

  // Journeys that never connected to the restored database prove nothing of it.
  static CheckResult judge_use(const RestoredServer& server, const sandbox::Traffic& traffic) {
    auto result =
        answer("app.uses." + server.source, "the application connects to the restored server");
    const auto made = counted(traffic.connections, "connection", "connections") + " to " +
                      server.door.text() + ", " + describe_size(traffic.sent) + " asked, " +
                      describe_size(traffic.received) + " answered";
    if (traffic.refused > 0)
      return decide(std::move(result), Outcome::not_run,
                    made + "; " + std::to_string(traffic.refused) +
                        " of them failed: the server of the sandbox ended, or had too many");
    if (traffic.received == 0)
      return decide(std::move(result), Outcome::not_run,
                    made + ": it was not told of ${sandbox." + server.source + ".uri}");
    return decide(std::move(result), Outcome::passed, made);
  }

  static CheckResult write_down(const std::vector<sandbox::Traffic>& traffic) {
    auto result = answer("isolation.allowed", "what the configuration lets out is written down");
    std::size_t connections = 0;
    for (const auto& each : traffic) {
      connections += each.connections;
      result.details.push_back(
          each.destination.text() + ": " + counted(each.connections, "connection", "connections") +
          (each.refused == 0 ? "" : ", " + std::to_string(each.refused) + " of them failed") +
          ", " + describe_size(each.sent) + " sent, " + describe_size(each.received) + " received");
    }
    return decide(std::move(result), Outcome::passed,
                  counted(connections, "connection", "connections") + " to " +
                      counted(traffic.size(), "destination", "destinations") + " named in network");
  }

  static CheckResult judge_end(bool ended, bool gone, Duration within) {
    auto result = answer("app.stopped", "nothing that it started is left");
    if (!gone)
      return decide(std::move(result), Outcome::not_run,
                    "not all of its processes are seen to be gone");
    if (ended) return decide(std::move(result), Outcome::passed, "all of it has ended");
    return decide(std::move(result), Outcome::warned,
                  "killed: it did not end within " + describe_duration(within) + " of SIGTERM");
  }

  // For a person who must find out why; never part of the evidence. A trial, which has no record,
  // keeps nothing.
  static Result<void> keep_log(DrillState& state, const Application& application) {
    bool bad = false;
    for (const auto& check : state.report.checks) bad |= check.outcome == Outcome::failed;
    if (!bad || application.logged() == 0 || state.report.id.empty()) return {};
    TRY(make_directories(state.request.reports));
    const auto file = state.request.reports / (state.report.id + ".application.log");
    TRY(write_file(file, view_of(application.log())));
    state.report.findings.push_back(
        {"app-log", file.string(), "what the application wrote is kept here", false});
    return {};
  }

  AppOptions options_;     // with what is never printed of this drill alone
  std::size_t first_ = 0;  // of the checks: the application's begin there
};

}  // namespace

std::unique_ptr<Step> make_app_step() { return std::make_unique<AppStep>(); }

}  // namespace lifeboat::drill
