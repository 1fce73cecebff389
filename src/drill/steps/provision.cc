#include <algorithm>
#include <iterator>

#include "drill/log_moment.h"
#include "drill/step.h"
#include "engine/all.h"
#include "engine/losses.h"
#include "restore/losses.h"

namespace lifeboat::drill {
namespace {

// How long a sandbox is kept for who asked for it.
constexpr Duration kKept = std::chrono::hours(24);

// Of those by which its servers are logged in to.
constexpr std::size_t kUserBytes = 8;
constexpr std::size_t kPasswordBytes = 32;

// Makes the sandbox. Isolation and limits for the application take their place here.
class ProvisionStep final : public Step {
 public:
  std::string name() const override { return "provision"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    const auto& parent = state.request.sandboxes;
    state.sandbox.emplace(TRY(sandbox::Sandbox::provision(
        {parent, purpose_of(state.request), state.scratch ? state.scratch->token() : ""},
        context)));
    for (auto& backup : state.foreign)
      if (backup.source->options.is_dump())
        backup.server = TRY(start_server(state, backup.manifest, context));
    return plan_into_sandbox(state, context);
  }

  void undo(DrillState& state) override {
    state.servers.clear();
    if (!state.sandbox) return;
    if (state.request.keep) keep(state);
    if (!state.report.tear_down) state.report.tear_down = state.sandbox->destroy();
  }

 private:
  // For a person who wants to look at it; what cannot be kept is removed.
  static void keep(DrillState& state) {
    auto kept = state.sandbox->keep(state.report.started + kKept);
    if (!kept) return;
    state.report.tear_down = std::move(*kept);
    state.report.findings.push_back(
        {"sandbox-kept", state.report.tear_down->kept.front(),
         "holds restored data until " + to_rfc3339(state.report.started + kKept), false});
  }

  static Result<void> plan_into_sandbox(DrillState& state, const RunContext& context) {
    if (!state.snapshot) return {};
    restore::PlanRequest request;
    for (const auto& source : state.snapshot->sources())
      if (TRY(engine::find_engine(source.type))->traits().is_server)
        request.destination.places.emplace_back(source.name,
                                                TRY(server_place(state, source, context)));
    request.destination.directory = data_of(state).string();
    request.with_users = !state.scratch;
    request.state = (state.sandbox->directory() / "state").string();
    state.plan =
        TRY(restore::plan_restore(*state.report.snapshot, state.snapshot->sources(), request));
    // A weaker server would show nothing of the backup.
    TRY(restore::find_losses(state.plan, *state.snapshot, context));
    note_unsharded(state);
    TRY(accept_older(state));
    TRY(restore::check_losses(state.plan));
    return plan_log_moments(state, context);
  }

  // One that is only older must be asked for, before any document is fetched for it; the verdict
  // then says that it was.
  static Result<void> accept_older(DrillState& state) {
    for (auto& item : state.plan.items) {
      const auto older = std::ranges::find(item.losses, engine::kOlderServer, &Finding::code);
      if (older == item.losses.end()) continue;
      const auto program = TRY(engine::find_engine(item.type))->server_program();
      if (state.request.options.server.empty() && !is_on_scratch(state, item.source))
        return fail(Error(Code::unavailable, older->message + ", for source " + item.source)
                        .with_hint("Install the " + program +
                                   " of that release or of a later one, and name it where another "
                                   "is found first: sandbox: {server: PATH}. An older one that is "
                                   "named is taken, and the drill is unverified."));
      item.losses.erase(older);
    }
    return {};
  }

  // Where the source can be restored to.
  static Result<std::string> server_place(DrillState& state,
                                          const repository::SourceManifest& source,
                                          const RunContext& context) {
    if (is_on_scratch(state, source.name)) return state.scratch->place_of(source.name);
    return start_server(state, source, context);
  }

  // One server has no shards, and shows all of the data all the same.
  static void note_unsharded(DrillState& state) {
    for (auto& item : state.plan.items) {
      const auto kept = std::ranges::stable_partition(
          item.losses, [](const Finding& each) { return each.code != engine::kNotSharded; });
      std::ranges::move(kept, std::back_inserter(state.report.findings));
      item.losses.erase(kept.begin(), kept.end());
    }
  }

  static Result<std::string> start_server(DrillState& state,
                                          const repository::SourceManifest& source,
                                          const RunContext& context) {
    const auto* engine = TRY(engine::find_engine(source.type));
    auto folder =
        TRY(sandbox::ServerFolder::open(state.sandbox->directory() / ("server-" + source.name)));
    const engine::LaunchRequest request{TRY(server_program(state.request.options, *engine)),
                                        folder.name(),
                                        source.name + ".sandbox",
                                        source.position,
                                        "drill-" + context.random.hex(kUserBytes),
                                        context.random.hex(kPasswordBytes)};
    const auto plan = TRY_CONTEXT("source " + source.name, engine->plan_launch(request));
    auto server = TRY(sandbox::PrivateServer::start(plan, context));
    TRY_CONTEXT("source " + source.name, engine->prepare_launched(request));
    auto address = TRY(sandbox::KeptAddress::keep(view_of(plan.address)));
    auto place = address.place();
    state.servers.push_back({std::move(folder),
                             std::move(server),
                             source.name,
                             {request.host, plan.port, plan.socket},
                             plan.uri,
                             plan.user,
                             plan.password,
                             std::move(address)});
    return place;
  }
};

}  // namespace

std::string purpose_of(const Request& request) {
  return "drill " + request.service + "/" + request.options.name;
}

// A drill with another product than the source's must be asked for.
Result<std::string> server_program(const DrillOptions& options, const engine::Engine& engine) {
  const auto wanted = options.server.empty() ? engine.server_program() : options.server;
  auto program = sandbox::find_program(wanted);
  if (program) return program;
  const auto why = ", and a drill of a source of type " + engine.scheme() + " restores to it";
  return fail(Error(Code::unavailable, program.error().message() + why)
                  .with_hint("Install it, or name the program in the drill's sandbox: {server: "
                             "PATH}."));
}

std::unique_ptr<Step> make_provision_step() { return std::make_unique<ProvisionStep>(); }

}  // namespace lifeboat::drill
