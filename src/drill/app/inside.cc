#include "drill/app/inside.h"

#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "engine/all.h"
#include "sandbox/dial.h"

namespace lifeboat::drill {
namespace {

namespace fs = std::filesystem;

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

sandbox::CellSpec bare_spec(const DrillState& state) {
  sandbox::CellSpec spec;
  spec.data = data_of(state);
  for (const auto& server : state.servers) spec.ways_out.push_back(server.door);
  for (const auto& guarded : state.request.protected_places)
    for (const auto& path : guarded.identity.paths) spec.hidden.emplace_back(path);
  if (!state.request.options.app) return spec;
  const auto& options = *state.request.options.app;
  spec.limits = options.limits;
  spec.ways_out.insert(spec.ways_out.end(), options.ways_out.begin(), options.ways_out.end());
  for (const auto& path : options.visible) spec.read_only.emplace_back(path);
  return spec;
}

// Its own settings are production's.
void show(sandbox::CellSpec& spec, const fs::path& directory) {
  if (directory.empty()) return;
  spec.hidden.push_back(real_path(directory) / ".env");
  const auto& shown = spec.read_only;
  if (std::find(shown.begin(), shown.end(), directory) == shown.end())
    spec.read_only.push_back(directory);
}

bool lies_in(const fs::path& shown, const std::vector<std::string>& paths) {
  const auto own = real_path(shown);
  return std::any_of(paths.begin(), paths.end(), [&](const auto& path) {
    const auto relative = own.lexically_relative(path);
    return !relative.empty() && *relative.begin() != "..";
  });
}

bool leads_to(const sandbox::Destination& way, const std::vector<std::string>& addresses) {
  return way.socket.empty() && std::ranges::any_of(addresses, [&](const auto& address) {
           return sandbox::may_be_same_address(way.text(), address);
         });
}

Result<sandbox::Isolation> probe(const DrillState& state, sandbox::Cell& cell) {
  std::vector<sandbox::Guarded> guarded;
  for (const auto& each : state.request.protected_places)
    guarded.push_back({each.name, each.identity.paths, each.identity.inodes});
  return cell.probe(guarded);
}

// Those that were not blocked.
std::size_t note_attempts(const sandbox::Isolation& isolation, CheckResult& result) {
  std::size_t open = 0;
  result.details.clear();
  for (const auto& attempt : isolation.attempts) {
    open += attempt.blocked ? 0 : 1;
    result.details.push_back(attempt.what + " " + attempt.target + ": " + attempt.found +
                             (attempt.blocked ? "" : ", NOT BLOCKED"));
  }
  return open;
}

// Nothing is started where it might reach what it must not.
Result<bool> prove_isolation(DrillState& state, sandbox::Cell& cell, CheckResult result) {
  const auto isolation = TRY(probe(state, cell));
  const auto open = note_attempts(isolation, result);
  const bool proven = isolation.proven();
  auto message = counted(isolation.attempts.size(), "attempt from inside", "attempts from inside");
  message += proven ? ", all blocked"
                    : ", " + std::to_string(open) + " not blocked: nothing was started inside";
  state.report.checks.push_back(
      decide(std::move(result), proven ? Outcome::passed : Outcome::not_run, std::move(message)));
  return proven;
}

Result<CheckResult> changes_of(DrillState& state, const RestoredPlace& item, CheckResult result,
                               const RunContext& context) {
  const std::string tier = "full";
  CheckScope scope{{}, state.repository, state.snapshot.get(), tier, state.snapshots};
  auto& source = scope.sources[item.source];
  source.manifest = item.manifest;
  source.facts = item.facts;
  source.place = item.place;
  source.without_users = is_on_scratch(state, item.source);
  source.inspector = TRY(TRY(engine::find_engine(item.type))->open_inspector(item.place));
  for (const auto& each : TRY(make_facts_check(item.source)->run(scope, context)))
    if (each.outcome != Outcome::not_run)
      result.details.insert(result.details.end(), each.details.begin(), each.details.end());
  const auto count = result.details.size();
  return decide(std::move(result), Outcome::passed,
                count == 0 ? "nothing" : counted(count, "fact", "facts"));
}

}  // namespace

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

sandbox::CellSpec spec_for_app(const DrillState& state) {
  const auto& options = *state.request.options.app;
  auto spec = bare_spec(state);
  if (options.directory.empty() || !options.working_copy) {
    show(spec, options.directory);
    return spec;
  }
  spec.hidden.push_back(real_path(options.directory) / ".env");
  spec.writable.emplace_back(state.sandbox->directory() / "app", options.directory);
  return spec;
}

sandbox::CellSpec spec_for_commands(const DrillState& state) {
  auto spec = bare_spec(state);
  if (state.request.options.app) show(spec, state.request.options.app->directory);
  for (const auto& check : state.request.options.checks) {
    const auto* command = std::get_if<CommandCheck>(&check);
    if (command == nullptr) continue;
    show(spec, command->directory);
    for (const auto& path : command->visible) spec.read_only.emplace_back(path);
  }
  return spec;
}

// What lies inside production cannot be shown without it, and no way out may lead to it.
std::string production_in(const sandbox::CellSpec& spec, const Request& request) {
  auto shown = spec.read_only;
  for (const auto& [own, inside] : spec.writable) shown.push_back(inside);
  for (const auto& path : shown)
    for (const auto& guarded : request.protected_places)
      if (lies_in(path, guarded.identity.paths))
        return path.string() + " lies in " + guarded.name + ", which nothing may see inside";
  for (const auto& way : spec.ways_out)
    for (const auto& guarded : request.protected_places)
      if (leads_to(way, guarded.identity.addresses))
        return way.text() + " leads to " + guarded.name +
               " or cannot be told from it, and that nothing may reach from inside";
  return {};
}

std::string unknown_in(const sandbox::CellSpec& spec, const Request& request) {
  const bool is_let_out =
      std::ranges::any_of(spec.ways_out, [](const auto& way) { return way.socket.empty(); });
  if (spec.read_only.empty() && spec.writable.empty() && !is_let_out) return {};
  std::string unknown;
  for (const auto& guarded : request.protected_places)
    if (!guarded.unknown.empty())
      unknown += guarded.name + " is not known here (" + guarded.unknown + "); ";
  if (!unknown.empty()) unknown += "what would be shown inside may be production";
  return unknown;
}

Result<std::unique_ptr<sandbox::Cell>> open_proven(DrillState& state, const CellOrder& order,
                                                   const RunContext& context) {
  auto isolation =
      answer(order.check, "nothing inside can reach the network, production or the system");
  if (const auto inside = production_in(order.spec, state.request); !inside.empty()) {
    isolation.refused = true;
    state.report.checks.push_back(decide(std::move(isolation), Outcome::not_run, inside));
    return nullptr;
  }
  if (auto unknown = unknown_in(order.spec, state.request); !unknown.empty()) {
    state.report.checks.push_back(
        decide(std::move(isolation), Outcome::not_run, std::move(unknown)));
    return nullptr;
  }
  adopt(data_of(state));
  auto cell = sandbox::Cell::open(order.spec, context);
  if (!cell && cell.error().code() == Code::interrupted) return fail(std::move(cell).error());
  if (!cell) {
    state.report.checks.push_back(
        decide(std::move(isolation), Outcome::not_run, cell.error().describe()));
    return nullptr;
  }
  if (!TRY(prove_isolation(state, **cell, std::move(isolation)))) return nullptr;
  return cell;
}

void prove_still(DrillState& state, sandbox::Cell& cell, const std::string& check) {
  const auto found = std::ranges::find(state.report.checks, check, &CheckResult::id);
  const auto isolation = probe(state, cell);
  if (isolation && isolation->proven()) return;
  found->outcome = Outcome::not_run;
  if (!isolation) {
    found->message = gone(isolation.error()) + "; before: " + found->message;
    return;
  }
  const auto open = note_attempts(*isolation, *found);
  found->message = counted(isolation->attempts.size(), "attempt", "attempts") +
                   " from inside at the end, " + std::to_string(open) +
                   " not blocked: it came within reach meanwhile";
}

std::string gone(const Error& lost) { return "the sandbox itself was gone: " + lost.describe(); }

Names names_of(const DrillState& state) {
  Names names;
  for (const auto& item : state.restored) {
    if (is_on_server(state, item.source)) continue;  // it has no path
    const auto relative = fs::path(item.place).lexically_relative(data_of(state));
    names["sandbox." + item.source + ".path"] =
        (fs::path(sandbox::kDataInside) / relative).string();
  }
  for (const auto& server : state.servers) {
    const auto name = "sandbox." + server.source;
    names[name + ".uri"] = server.uri;
    if (server.user.empty()) continue;
    names[name + ".user"] = server.user;
    names[name + ".password"] = server.password;
  }
  return names;
}

void add_passwords(const DrillState& state, std::vector<std::string>& secrets) {
  for (const auto& server : state.servers)
    if (!server.password.empty()) secrets.push_back(server.password);
}

void note_handed(Report& report, const std::string& command,
                 const std::map<std::string, std::string>& environment) {
  for (auto& record : report.foreign) {
    const auto name = "${sandbox." + record.source + ".";
    const auto names_it = [&](const auto& text) { return text.find(name) != std::string::npos; };
    record.questioned |=
        names_it(command) || std::ranges::any_of(environment | std::views::values, names_it);
  }
}

// Not the backup's fault, and worth knowing.
void compare_after(DrillState& state, const std::string& who, const std::string& proves,
                   const RunContext& context) {
  for (const auto& item : state.restored) {
    auto changes =
        changes_of(state, item, answer(who + ".changes." + item.source, proves), context);
    if (changes)
      state.report.checks.push_back(std::move(*changes));
    else
      state.report.findings.push_back(
          {who + "-changes-unknown", item.source, changes.error().describe(), false});
  }
}

}  // namespace lifeboat::drill
