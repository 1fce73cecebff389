#include "drill/scratch.h"

#include <algorithm>

#include "drill/app/inside.h"
#include "engine/all.h"
#include "engine/mongodb/identity.h"
#include "sandbox/dial.h"

namespace lifeboat::drill {
namespace {

namespace mongodb = engine::mongodb;

// What both have; empty where nothing says that they are one server.
std::string shared_with(const engine::Identity& server, const engine::Identity& production) {
  const auto name = std::ranges::find_first_of(server.names, production.names);
  if (name != server.names.end()) return *name;
  for (const auto& one : server.addresses)
    for (const auto& other : production.addresses)
      if (sandbox::may_be_same_address(one, other))
        return "address " + one + ", or one that may be " + other;
  return {};
}

// Why it is production, or cannot be told from it; empty where it is another server.
std::string find_production(const ScratchServer& scratch, const engine::Identity& server) {
  for (const auto& each : scratch.production) {
    if (!each.unknown.empty())
      return "whether it is that of " + each.name + " cannot be told: " + each.unknown;
    if (const auto shared = shared_with(server, each.identity); !shared.empty())
      return "it is that of " + each.name + ": the same " + shared;
  }
  return {};
}

std::string compared_with(const ScratchServer& scratch) {
  std::string all;
  for (const auto& each : scratch.production) all += (all.empty() ? "" : ", ") + each.name;
  return all;
}

}  // namespace

Result<void> check_scratch(DrillState& state) {
  if (!state.request.scratch) return {};
  const auto& scratch = *state.request.scratch;
  if (state.request.keep)
    return fail(Error(Code::usage, "what is restored to a server that others use is not kept")
                    .with_hint("Leave --keep out, or drill on a private server: sandbox: {type: "
                               "process}."));
  const auto server = TRY(mongodb::Server::open(*scratch.uri));
  const auto identity =
      TRY_CONTEXT(kScratchUri, mongodb::identify_server(*server, scratch.databases));
  auto result = answer("scratch", "the server on which it makes databases is not production's");
  const auto found = find_production(scratch, identity);
  result.refused = !found.empty();
  const auto who = server->address();
  state.report.checks.push_back(
      decide(std::move(result), found.empty() ? Outcome::passed : Outcome::not_run,
             found.empty() ? who + " is another server than those of " + compared_with(scratch)
                           : who + ": " + found));
  if (found.empty()) return {};
  return fail(
      Error(Code::refused, "the drill would make databases on " + who + ", and " + found)
          .with_hint("Name a server in sandbox: {uri} that is not production, or drill on a "
                     "private one: sandbox: {type: process}."));
}

Result<void> make_scratch(DrillState& state, const RunContext& context) {
  if (!state.request.scratch || !state.report.snapshot) return {};
  sandbox::ScratchSpec spec{
      state.request.sandboxes, purpose_of(state.request), state.request.scratch->uri, {}};
  for (const auto& source : state.report.snapshot->sources)
    if (TRY(engine::find_engine(source.type))->traits().is_server)
      spec.sources.push_back(source.name);
  if (!spec.sources.empty())
    state.scratch.emplace(TRY_CONTEXT(kScratchUri, sandbox::ScratchDatabases::make(spec, context)));
  return {};
}

void reap_scratch(DrillState& state) {
  const auto& scratch = state.request.scratch;
  for (auto& finding :
       sandbox::reap_scratch(state.request.sandboxes, scratch ? scratch->uri.get() : nullptr))
    state.report.findings.push_back(std::move(finding));
}

void drop_scratch(DrillState& state) {
  if (!state.scratch) return;
  auto& proof = state.report.tear_down;
  if (!proof) proof.emplace().token = state.scratch->token();
  state.scratch->drop(*proof);
}

}  // namespace lifeboat::drill
