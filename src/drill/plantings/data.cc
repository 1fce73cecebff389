#include <algorithm>

#include "drill/planting.h"
#include "engine/all.h"

// Defects of the restored data, which the checks of the data must notice.
namespace lifeboat::drill {
namespace {

constexpr Duration kMuchLater = std::chrono::hours(24);

// "counts.db" for a defect of `db`. Those that follow rows to files are named after the rows.
void add_ids(const std::string& kind, const std::string& source, const DrillOptions& options,
             std::vector<std::string>& ids) {
  if (kind != "blobs") return ids.push_back(kind + "." + source);
  for (const auto& check : options.checks)
    if (const auto* blobs = std::get_if<BlobsCheck>(&check); blobs && blobs->files == source)
      ids.push_back("blobs." + blobs->source + "." + blobs->table);
}

Planting of_engine(const engine::Engine& engine, const restore::PlanItem& item,
                   const engine::Defect& defect, const DrillOptions& options) {
  Planting planting{item.source, defect.name, {}, false, {}};
  for (const auto& kind : defect.caught_by)
    add_ids(kind, item.source, options, planting.expected.checks);
  planting.expected.diagnoses = defect.explained_by;
  planting.plant = [&engine, source = item.source, name = defect.name](
                       const Request&, const DrillState& state) -> Planted {
    const auto place = std::ranges::find(state.plan.items, source, &restore::PlanItem::source);
    if (place == state.plan.items.end()) return std::nullopt;
    return TRY_CONTEXT("planting " + name, engine.plant(name, place->place));
  };
  return planting;
}

// As if the backup were so much younger than what is in it.
Planting old_data(const FreshnessCheck& check) {
  Planting planting{check.source, "data-stale", {}, false, {}};
  planting.expected.checks = {"freshness." + check.source + "." + check.table};
  planting.expected.diagnoses = {"writes-stopped"};
  planting.plant = [check](const Request&, DrillState& state) -> Planted {
    for (auto& each : state.restored)
      if (each.source == check.source) each.time += check.within + kMuchLater;
    return "nothing was written to " + check.table + " for longer than allowed";
  };
  return planting;
}

// Age touches the objective and not the verdict.
Planting old_snapshot(const std::optional<Duration>& objective) {
  const Expected expected{Verdict::proven, {"rpo"}, {"data-too-old"}};
  Planting planting{"service", "snapshot-stale", expected, false, {}};
  if (!objective) return planting;
  planting.plant = [age = *objective + kMuchLater](const Request&, DrillState& state) -> Planted {
    state.report.started += age;
    return "no newer snapshot came for " + describe_duration(age);
  };
  return planting;
}

}  // namespace

Result<std::vector<Planting>> data_plantings(const DrillState& state) {
  std::vector<Planting> all;
  for (const auto& item : state.plan.items) {
    const auto* engine = TRY(engine::find_engine(item.type));
    for (const auto& defect : engine->defects())
      all.push_back(of_engine(*engine, item, defect, state.request.options));
  }
  return all;
}

std::vector<Planting> stale_plantings(const Request& request) {
  std::vector<Planting> all{old_snapshot(request.rpo)};
  for (const auto& check : request.options.checks)
    if (const auto* freshness = std::get_if<FreshnessCheck>(&check))
      all.push_back(old_data(*freshness));
  if (all.size() == 1) all.push_back({"service", "data-stale", {}, false, {}});
  return all;
}

}  // namespace lifeboat::drill
