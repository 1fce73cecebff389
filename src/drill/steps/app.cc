#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "drill/app/application.h"
#include "drill/app/journey.h"
#include "drill/app/working_copy.h"
#include "drill/check.h"
#include "drill/step.h"
#include "engine/all.h"

namespace lifeboat::drill {
namespace {

constexpr std::uint32_t kFirstPort = 20'000;
constexpr std::uint32_t kPorts = 20'000;

CheckResult answer(std::string id, std::string proves) {
  CheckResult result;
  result.id = std::move(id);
  result.proves = std::move(proves);
  return result;
}

CheckResult decide(CheckResult result, Outcome outcome, std::string message) {
  result.outcome = outcome;
  result.message = std::move(message);
  return result;
}

fs::path real_path(const fs::path& path) {
  std::error_code error;
  return fs::weakly_canonical(path, error);
}

// Files that their owners alone may read are the application's inside, whoever they were restored
// for: there is one user there.
void adopt(const fs::path& data) {
  if (geteuid() != 0) return;
  (void)::lchown(data.c_str(), 0, 0);
  std::error_code error;
  for (fs::recursive_directory_iterator at(data, error), end; !error && at != end;
       at.increment(error))
    (void)::lchown(at->path().c_str(), 0, 0);
}

// The restored application: booted in a cell, asked what its people would ask, stopped. The data
// was compared before; what happens to it now is reported apart.
class AppStep final : public Step {
 public:
  std::string name() const override { return "app"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    if (!state.request.options.app) return {};
    const auto& options = *state.request.options.app;
    adopt(data_of(state));
    const auto spec = spec_of(state);
    auto isolation = answer("isolation.network",
                            "nothing inside can reach the network, production or the system");
    if (const auto inside = production_in(spec, state.request); !inside.empty()) {
      isolation.refused = true;
      state.report.checks.push_back(decide(std::move(isolation), Outcome::not_run, inside));
      return {};
    }
    if (options.working_copy)
      TRY(copy_for_work(real_path(options.directory), state.sandbox->directory() / "app",
                        spec.hidden, context));
    auto cell = sandbox::Cell::open(spec, context);
    if (!cell) {
      if (cell.error().code() == Code::interrupted) return fail(std::move(cell).error());
      state.report.checks.push_back(
          decide(std::move(isolation), Outcome::not_run, cell.error().describe()));
      return {};
    }
    if (!TRY(prove_isolation(state, **cell, std::move(isolation)))) return {};
    const auto names = names_of(state, context);
    Application application(options, names, **cell);
    const auto played = play(state, application, names, context);
    TRY(end(state, application, **cell, context));
    if (!played) return fail(played.error());
    compare_after(state, context);
    return {};
  }

 private:
  static fs::path data_of(const DrillState& state) { return state.sandbox->directory() / "data"; }

  static sandbox::CellSpec spec_of(const DrillState& state) {
    const auto& options = *state.request.options.app;
    sandbox::CellSpec spec;
    spec.data = data_of(state);
    spec.limits = options.limits;
    spec.ways_out = options.ways_out;
    for (const auto& guarded : state.request.protected_places)
      for (const auto& path : guarded.identity.paths) spec.hidden.emplace_back(path);
    for (const auto& path : options.visible) spec.read_only.emplace_back(path);
    if (options.directory.empty()) return spec;
    spec.hidden.push_back(real_path(options.directory) / ".env");
    if (options.working_copy)
      spec.writable.emplace_back(state.sandbox->directory() / "app", options.directory);
    else
      spec.read_only.emplace_back(options.directory);
    return spec;
  }

  // What lies inside production cannot be shown without it.
  static std::string production_in(const sandbox::CellSpec& spec, const Request& request) {
    auto shown = spec.read_only;
    for (const auto& [own, inside] : spec.writable) shown.push_back(inside);
    for (const auto& path : shown)
      for (const auto& guarded : request.protected_places)
        if (lies_in(path, guarded.identity.paths))
          return path.string() + " lies in " + guarded.name + ", which nothing may see inside";
    return {};
  }

  static bool lies_in(const fs::path& shown, const std::vector<std::string>& paths) {
    const auto own = real_path(shown);
    return std::any_of(paths.begin(), paths.end(), [&](const auto& path) {
      const auto relative = own.lexically_relative(path);
      return !relative.empty() && *relative.begin() != "..";
    });
  }

  // Nothing is started where it might reach what it must not.
  static Result<bool> prove_isolation(DrillState& state, sandbox::Cell& cell, CheckResult result) {
    std::vector<sandbox::Guarded> guarded;
    for (const auto& each : state.request.protected_places)
      guarded.push_back({each.name, each.identity.paths, each.identity.inodes});
    const auto isolation = TRY(cell.probe(guarded));
    std::size_t open = 0;
    for (const auto& attempt : isolation.attempts) {
      open += attempt.blocked ? 0 : 1;
      result.details.push_back(attempt.what + " " + attempt.target + ": " + attempt.found +
                               (attempt.blocked ? "" : ", NOT BLOCKED"));
    }
    const bool proven = isolation.proven();
    auto message =
        counted(isolation.attempts.size(), "attempt from inside", "attempts from inside");
    message += proven
                   ? ", all blocked"
                   : ", " + std::to_string(open) + " not blocked: the application was not started";
    state.report.checks.push_back(
        decide(std::move(result), proven ? Outcome::passed : Outcome::not_run, std::move(message)));
    return proven;
  }

  static Names names_of(const DrillState& state, const RunContext& context) {
    const auto bytes = context.random.array<4>();
    const std::uint32_t number = bytes[0] | bytes[1] << 8U | bytes[2] << 16U;
    Names names{{"sandbox.port", std::to_string(kFirstPort + number % kPorts)}};
    for (const auto& item : state.plan.items) {
      const auto relative = fs::path(item.place).lexically_relative(data_of(state));
      names["sandbox." + item.source + ".path"] =
          (fs::path(sandbox::kDataInside) / relative).string();
    }
    return names;
  }

  static Result<void> play(DrillState& state, Application& application, const Names& names,
                           const RunContext& context) {
    const auto& options = *state.request.options.app;
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
    for (const auto& stage : state.report.stages) reached += stage.elapsed;
    state.report.checks.push_back(decide(std::move(ready), Outcome::passed, took));
    application.begin_watching(context);
    Journey journey(options, names, application.sockets());
    auto results = TRY(journey.play(context));
    state.report.measures.service_ready = first_success(results, reached);
    for (auto& result : results) state.report.checks.push_back(std::move(result));
    return {};
  }

  // When people would have been served again: nothing without a success where one was asked for.
  static std::optional<Duration> first_success(const std::vector<CheckResult>& results,
                                               Duration reached) {
    if (results.empty()) return reached;
    for (const auto& result : results) {
      reached += result.elapsed;
      if (result.outcome == Outcome::passed) return reached;
    }
    return std::nullopt;
  }

  // In every case: what it logged, whether it tried to get out, and that it is gone.
  static Result<void> end(DrillState& state, Application& application, sandbox::Cell& cell,
                          const RunContext& context) {
    auto& checks = state.report.checks;
    application.stop_watching();
    if (application.was_watched()) checks.push_back(judge_alive(application));
    const auto census = cell.look();
    const bool ended = application.stop(context);
    const bool gone = cell.destroy();
    checks.push_back(judge_log(state, application));
    checks.push_back(judge_attempts(census));
    if (!cell.traffic().empty()) checks.push_back(write_down(cell.traffic()));
    checks.push_back(judge_end(ended, gone, state.request.options.app->stop_within));
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
    if (application.flooded())
      return decide(std::move(result), pattern.empty() ? Outcome::warned : Outcome::not_run,
                    "it wrote " + size + ", more than is searched");
    return decide(std::move(result), Outcome::passed, size + " of log");
  }

  // They found no way out; that they were made tells what the application does when it is booted.
  static CheckResult judge_attempts(const Result<sandbox::Census>& census) {
    auto result = answer("isolation.attempts", "it does not try to reach the outside");
    if (!census) return decide(std::move(result), Outcome::not_run, census.error().describe());
    if (census->outward == 0) return decide(std::move(result), Outcome::passed, "none");
    return decide(std::move(result), Outcome::warned,
                  counted(census->outward, "attempt", "attempts") +
                      " to reach the outside, blocked: a boot of this data sends mail, calls or "
                      "look-ups");
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
    if (ended) return decide(std::move(result), Outcome::passed, "it ended when it was asked to");
    return decide(std::move(result), Outcome::warned,
                  "killed: it did not end within " + describe_duration(within) + " of SIGTERM");
  }

  // For a person who must find out why; never part of the evidence.
  static Result<void> keep_log(DrillState& state, const Application& application) {
    bool bad = false;
    for (const auto& check : state.report.checks) bad |= check.outcome == Outcome::failed;
    if (!bad || application.logged() == 0) return {};
    TRY(make_directories(state.request.reports));
    const auto file = state.request.reports / (state.report.id + ".application.log");
    TRY(write_file(file, view_of(application.log())));
    state.report.findings.push_back(
        {"app-log", file.string(), "what the application wrote is kept here", false});
    return {};
  }

  // What booting and the journeys changed: not the backup's fault, and worth knowing.
  static void compare_after(DrillState& state, const RunContext& context) {
    for (const auto& item : state.plan.items) {
      auto changes = changes_of(state, item, context);
      if (changes)
        state.report.checks.push_back(std::move(*changes));
      else
        state.report.findings.push_back(
            {"app-changes-unknown", item.source, changes.error().describe(), false});
    }
  }

  static Result<CheckResult> changes_of(DrillState& state, const restore::PlanItem& item,
                                        const RunContext& context) {
    CheckScope scope{{}, state.repository, *state.snapshot, state.request.options.tier};
    auto& source = scope.sources[item.source];
    for (const auto& manifest : state.snapshot->sources())
      if (manifest.name == item.source) source.manifest = &manifest;
    source.place = item.place;
    source.inspector = TRY(TRY(engine::find_engine(item.type))->open_inspector(item.place));
    auto result = answer("app.changes." + item.source,
                         "what booting and the journeys changed is known apart");
    for (const auto& each : TRY(make_facts_check(item.source)->run(scope, context)))
      result.details.insert(result.details.end(), each.details.begin(), each.details.end());
    const auto count = result.details.size();
    return decide(std::move(result), Outcome::passed,
                  count == 0 ? "nothing" : counted(count, "fact", "facts"));
  }
};

}  // namespace

std::unique_ptr<Step> make_app_step() { return std::make_unique<AppStep>(); }

}  // namespace lifeboat::drill
