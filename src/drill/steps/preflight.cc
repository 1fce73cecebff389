#include <algorithm>

#include "drill/history.h"
#include "drill/scratch.h"
#include "drill/step.h"
#include "engine/all.h"
#include "sandbox/memory_room.h"

namespace lifeboat::drill {
namespace {

// Room to spare beside the data itself: metadata, temporary files, the file system's own reserve.
constexpr std::uint64_t kSpareBytes = 64U << 20U;

// The folder itself is made only when there is room for what comes into it.
fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  return path.empty() ? fs::path(".") : path;
}

// Says what this drill will need, and ends it before anything is fetched when that is not there.
class PreflightStep final : public Step {
 public:
  std::string name() const override { return kPreflightStage; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    TRY(refuse_production(state.request, context));
    TRY(check_scratch(state));
    name_unknown(state);
    TRY(check_servers(state));
    TRY(reap(state, context));
    const auto bytes = bytes_ahead(state);
    const Ahead ahead{state.report.drill, state.report.tier, bytes};
    const auto like = like_drills(earlier_drills(state).records, ahead);
    auto& forecast = state.report.forecast.emplace();
    forecast.time = forecast_time(like, ahead);
    forecast.memory = forecast_memory(state.request, like);
    forecast.disk = TRY(forecast_disk(state.request.sandboxes, bytes + kept_free(state)));
    if (state.request.tell_person) state.request.tell_person(sentence_of(forecast));
    TRY(judge_disk(*forecast.disk));
    TRY(judge_memory(forecast.memory));
    TRY(judge_time(forecast.time, state.request.options.within));
    return make_scratch(state, context);
  }

  void undo(DrillState& state) override { drop_scratch(state); }

 private:
  // What an application is killed for when it is passed must not be passed without it.
  static std::uint64_t kept_free(const DrillState& state) {
    const auto& app = state.request.options.app;
    return app ? app->limits.disk_reserve : 0;
  }

  // Before anything is made: even a fresh directory may lie inside production. Identity decides,
  // not names.
  static Result<void> refuse_production(const Request& request, const RunContext& context) {
    for (const auto& guarded : request.protected_places)
      if (const auto touched =
              TRY(restore::find_touched(request.sandboxes.string(), guarded, context)))
        return fail(Error(Code::refused, "the sandbox would lie in or over " + *touched)
                        .with_hint("Name another place in the drill's sandbox: {directory}."));
    return {};
  }

  // After a disaster the data is drilled all the same, in a folder that the drill makes itself.
  static void name_unknown(DrillState& state) {
    for (const auto& guarded : state.request.protected_places)
      if (!guarded.unknown.empty())
        state.report.findings.push_back(
            {"production-unknown", guarded.name,
             guarded.unknown + ": whether the sandbox lies in it could not be looked up", false});
  }

  // Before anything is fetched for a server that is not there.
  static Result<void> check_servers(const DrillState& state) {
    if (state.report.snapshot && !state.request.scratch)
      for (const auto& source : state.report.snapshot->sources)
        TRY(check_server(state, source.type));
    for (const auto& backup : state.foreign)
      if (backup.source->options.is_dump()) TRY(check_server(state, backup.manifest.type));
    return {};
  }

  static Result<void> check_server(const DrillState& state, const std::string& type) {
    const auto* engine = TRY(engine::find_engine(type));
    if (engine->traits().is_server) TRY(server_program(state.request.options, *engine));
    return {};
  }

  // They take room until then.
  static Result<void> reap(DrillState& state, const RunContext& context) {
    const auto& parent = state.request.sandboxes;
    for (const auto& place : TRY(sandbox::reap_orphans(parent, context.clock.now())))
      state.report.findings.push_back(
          {"sandbox-reaped", place, "left behind by a drill that died, or kept until now; removed",
           false});
    reap_scratch(state);
    return {};
  }

  static std::uint64_t bytes_ahead(const DrillState& state) {
    const auto own = state.report.snapshot ? state.report.snapshot->bytes : 0;
    return own + room_for_foreign(state);
  }

  static Result<DiskForecast> forecast_disk(const fs::path& place, std::uint64_t bytes) {
    const auto free = TRY(free_space(nearest_existing(place)));
    return DiskForecast{bytes + kSpareBytes, free, place.string()};
  }

  // What it may have when nobody said so is no prediction of what it takes.
  static std::optional<std::uint64_t> memory_of(const AppOptions& app,
                                                const std::vector<Json>& like) {
    if (const auto peak = peak_of(like, "application")) return peak;
    return app.names_memory ? std::optional(app.limits.memory) : std::nullopt;
  }

  static std::optional<MemoryForecast> forecast_memory(const Request& request,
                                                       const std::vector<Json>& like) {
    auto room = sandbox::memory_room();
    if (!room) return std::nullopt;
    MemoryForecast forecast;
    forecast.room = std::move(*room);
    if (const auto peak = peak_of(like, "own")) {
      const auto held = sandbox::own_memory();
      forecast.own = *peak - std::min(*peak, held);
    }
    if (request.options.app)
      forecast.application = memory_of(*request.options.app, like);
    else
      forecast.application = 0;
    return forecast;
  }

  static Result<void> judge_disk(const DiskForecast& disk) {
    if (disk.free >= disk.needed) return {};
    return fail(Error(Code::no_space, "the sandbox needs " + describe_size(disk.needed) + ", " +
                                          disk.where + " has " + describe_size(disk.free))
                    .with_hint("Free some space, or name another place in sandbox: {directory}."));
  }

  static Result<void> judge_memory(const std::optional<MemoryForecast>& memory) {
    if (!memory || memory->needed() <= memory->room.bytes) return {};
    return fail(Error(Code::unavailable, "the drill needs " + describe_size(memory->needed()) +
                                             " of memory, " + memory->room.where + " has " +
                                             describe_size(memory->room.bytes))
                    .with_hint("Stop something else, drill on a larger machine, or name what the "
                               "application really needs in app: {limits: {memory: …}}."));
  }
};

}  // namespace

std::unique_ptr<Step> make_preflight_step() { return std::make_unique<PreflightStep>(); }

}  // namespace lifeboat::drill
