#include "drill/app/journey.h"

#include <algorithm>

#include "drill/app/filter.h"
#include "drill/app/jwt.h"
#include "drill/app/load.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kBoundaryBytes = 16;
constexpr std::size_t kMostFaults = 20;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> without(const std::vector<std::string>& from,
                                 const std::vector<std::string>& what) {
  std::vector<std::string> left;
  for (const auto& each : from)
    if (std::find(what.begin(), what.end(), each) == what.end()) left.push_back(each);
  return left;
}

void conclude_step(CheckResult& result, std::vector<std::string> faults, const std::string& good) {
  result.outcome = faults.empty() ? Outcome::passed : Outcome::failed;
  result.message = faults.empty() ? good : faults.front();
  if (faults.size() > kMostFaults) faults.resize(kMostFaults);
  if (faults.size() > 1) result.details = std::move(faults);
}

// Want of something an earlier step should have given decides nothing; every other want of an
// answer is the application's.
Outcome outcome_of(const Error& error) {
  return error.code() == Code::not_found || error.code() == Code::usage ? Outcome::not_run
                                                                        : Outcome::failed;
}

void compare_fields(const std::string& role, const std::vector<std::string>& seen,
                    const std::vector<std::string>& promised, std::vector<std::string>& faults) {
  const auto more = without(seen, promised);
  const auto less = without(promised, seen);
  if (!more.empty()) faults.push_back(role + " sees what it must not: " + joined(more));
  if (!less.empty()) faults.push_back(role + " does not see " + joined(less));
}

// A role's view, a refusal, or the login that a role's token comes from.
bool asks_rights(const StepOptions& step, const AppOptions& options) {
  if (!step.fields.empty() || step.expect.status == 401 || step.expect.status == 403) return true;
  const auto is_token = [&](const auto& captured) {
    return std::any_of(options.roles.begin(), options.roles.end(), [&](const auto& role) {
      return role.second.bearer.find("${capture." + captured.first + "}") != std::string::npos;
    });
  };
  const auto role = options.roles.find(step.role);
  return (role != options.roles.end() && role->second.jwt) ||
         std::any_of(step.capture.begin(), step.capture.end(), is_token);
}

}  // namespace

Result<std::vector<CheckResult>> Journey::play(const RunContext& context) {
  std::vector<CheckResult> results;
  until_ = std::chrono::steady_clock::now() + options_.time;
  for (std::size_t number = 0; number < options_.journey.size(); ++number)
    results.push_back(TRY(play_step(number, context)));
  return results;
}

bool Journey::is_over() const { return std::chrono::steady_clock::now() >= until_; }

CheckResult Journey::cut(CheckResult result) const {
  result.message = "the time for the journey was up: " + describe_duration(options_.time);
  return result;
}

Result<CheckResult> Journey::play_step(std::size_t number, const RunContext& context) {
  TRY(context.check_stop());
  const auto& step = options_.journey[number];
  CheckResult result;
  result.id = "journey." + (step.name.empty() ? std::to_string(number + 1) : step.name);
  result.proves = step.method + " " + step.path + " answers as it should";
  result.asks_rights = asks_rights(step, options_);
  if (is_over()) return cut(std::move(result));
  const Duration begun = context.clock.steady();
  auto done = step.repeat > 1        ? repeat(step, result, context)
              : !step.fields.empty() ? compare_roles(step, result, context)
                                     : perform(step, result, context);
  if (!done && done.error().code() == Code::interrupted) return fail(std::move(done).error());
  if (!done && done.error().code() == Code::timed_out && is_over()) return cut(std::move(result));
  if (!done) {
    result.outcome = outcome_of(done.error());
    result.message = done.error().describe();
  }
  result.elapsed = context.clock.steady() - begun;
  result.message = quotable(result.message, options_.secrets);
  for (auto& detail : result.details) detail = quotable(detail, options_.secrets);
  return result;
}

Result<void> Journey::perform(const StepOptions& step, CheckResult& result,
                              const RunContext& context) {
  const auto request = TRY(request_of(step, step.role, context));
  const auto response = TRY(session_of(step.role).send(request, limits_until(until_), context));
  auto faults = faults_of(response, step.expect);
  if (faults.empty())
    if (const auto captured = capture(step, response); !captured)
      faults.push_back(captured.error().describe());
  conclude_step(result, std::move(faults),
                std::to_string(response.status) + " in " + describe_duration(response.elapsed));
  return {};
}

// The same question from each role: each must see exactly the fields that are written down for it.
Result<void> Journey::compare_roles(const StepOptions& step, CheckResult& result,
                                    const RunContext& context) {
  std::vector<std::string> faults;
  std::string counts;
  for (const auto& [role, promised] : step.fields) {
    const auto request = TRY(request_of(step, role, context));
    const auto response = TRY(session_of(role).send(request, limits_until(until_), context));
    for (auto& fault : faults_of(response, step.expect))
      faults.push_back(role + ": " + std::move(fault));
    if (!faults.empty()) continue;
    const auto seen = fields_of(response);
    if (!seen)
      faults.push_back(role + ": " + seen.error().describe());
    else
      compare_fields(role, *seen, promised, faults);
    counts += (counts.empty() ? "" : ", ") + role + " " + std::to_string(promised.size());
  }
  conclude_step(result, std::move(faults), "fields as written down: " + counts);
  return {};
}

Result<void> Journey::repeat(const StepOptions& step, CheckResult& result,
                             const RunContext& context) {
  const auto request = TRY(request_of(step, step.role, context));
  const auto load = TRY(run_load({request, step, make_socket_, until_}, context));
  conclude_step(result, faults_of(load, step), describe(load));
  if (result.outcome == Outcome::failed) result.details.push_back(describe(load));
  return {};
}

Result<net::HttpRequest> Journey::request_of(const StepOptions& step, const std::string& role,
                                             const RunContext& context) const {
  auto request = TRY(build_request(step, names_, context.random.hex(kBoundaryBytes)));
  if (!role.empty())
    request.headers.emplace_back("Authorization", "Bearer " + TRY(token_of(role, context)));
  return request;
}

Result<std::string> Journey::token_of(const std::string& role, const RunContext& context) const {
  const auto found = options_.roles.find(role);
  if (found == options_.roles.end()) return fail(Code::not_found, "there is no role " + role);
  const auto& how = found->second;
  if (!how.jwt) return fill_in(how.bearer, names_);
  const auto claims = TRY(fill_in_json(how.jwt->claims, names_));
  return sign_jwt(TRY(fill_in(how.jwt->key, names_)), claims, context.clock.now(),
                  how.jwt->lifetime);
}

Result<void> Journey::capture(const StepOptions& step, const net::HttpResponse& response) {
  if (step.capture.empty()) return {};
  std::vector<std::string> filters;
  for (const auto& [name, filter] : step.capture) filters.push_back(filter);
  const auto values = TRY(run_filters(response.body, filters));
  auto value = values.begin();
  for (const auto& [name, filter] : step.capture) {
    const auto& captured = *value++;
    const bool empty = !captured || captured->is_null();
    if (empty) return fail(Code::check_failed, "nothing to capture at " + filter);
    names_["capture." + name] =
        captured->is_string() ? captured->get<std::string>() : canonical_json(*captured);
  }
  return {};
}

net::HttpSession& Journey::session_of(const std::string& role) {
  const auto found = sessions_.find(role);
  if (found != sessions_.end()) return found->second;
  return sessions_.emplace(role, net::HttpSession(make_socket_)).first->second;
}

}  // namespace lifeboat::drill
