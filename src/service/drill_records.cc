#include "service/drill_records.h"

#include "base/file.h"
#include "drill/envelope.h"
#include "drill/history.h"
#include "drill/render/view.h"

namespace lifeboat::service {
namespace {

// A drill as a row of a list: what the evidence says, and where it is.
Result<Json> row_of(const std::filesystem::path& file) {
  const auto record = TRY(read_drill_record(file));
  const Json& evidence = record.evidence;
  Json row;
  for (const auto* key : {"id", "service", "drill", "started", "verdict", "reason"})
    row[key] = TRY(text_at(evidence, key));
  if (const auto snapshot = evidence.find("snapshot"); snapshot != evidence.end())
    row["snapshot"] = TRY(text_at(*snapshot, "id"));
  row["file"] = file.string();
  row["page"] = DrillRecord{file, {}}.page().string();
  return row;
}

Result<policy::DrillRecord> summary_of(const std::filesystem::path& file) {
  const auto evidence = TRY(read_drill_record(file)).evidence;
  policy::DrillRecord drill{TRY(parse_rfc3339(TRY(text_at(evidence, "ended")))),
                            TRY(text_at(evidence, "verdict"))};
  drill.drill = TRY(text_at(evidence, "drill"));
  drill.repository = drill::text_in(evidence, {"repository", "id"});
  if (const auto state = parse_rfc3339(drill::text_in(evidence, {"snapshot", "time"})))
    drill.state = *state;
  return drill;
}

bool is_named(const Json& row, const std::string& id) {
  if (id == "latest") return !row.value("id", "").empty();
  return id.size() >= kShortestId && row.value("id", "").starts_with(id);
}

}  // namespace

std::filesystem::path DrillRecord::page() const {
  return std::filesystem::path(file).replace_extension(".html");
}

Result<drill::SignedRecord> read_drill_record(const std::filesystem::path& file) {
  const auto sealed = TRY(parse_json(to_text(TRY(read_file(file, drill::kMaxEnvelope)))));
  auto record = drill::verify_evidence(sealed, std::nullopt);
  if (record) return std::move(*record);
  return fail(Error(Code::corrupt, file.string() + ": " + record.error().message)
                  .with_hint("The repository keeps the evidence too; `lifeboat drill "
                             "verify-evidence` says more."));
}

Result<Json> drill_rows(const Composition& composition, const std::string& service) {
  const auto names = TRY(composition.service.service_names(
      service.empty() ? std::vector<std::string>{} : std::vector{service}));
  Json rows = Json::array();
  for (const auto& name : names)
    for (const auto& file : drill::record_files(composition.service.drill_reports(name)))
      rows.push_back(row_of(file).value_or(
          Json{{"id", ""}, {"service", name}, {"verdict", "unreadable"}, {"file", file.string()}}));
  return rows;
}

std::vector<policy::DrillRecord> drills_in(const std::filesystem::path& folder,
                                           const Clock& clock) {
  std::vector<policy::DrillRecord> drills;
  const auto files = drill::record_files(folder);
  for (const auto& file : files) {
    auto drill = summary_of(file);
    if (drill) drills.push_back(std::move(*drill));
    if (!drill && file == files.back()) drills.push_back({clock.now(), "unreadable"});
  }
  return drills;
}

Result<DrillRecord> find_drill(const Composition& composition, const std::string& service,
                               const std::string& id) {
  Json chosen;
  for (const auto& row : TRY(drill_rows(composition, service))) {
    const bool newer = chosen.is_null() || chosen.value("started", "") <= row.value("started", "");
    if (is_named(row, id) && newer) chosen = row;
  }
  if (chosen.is_null())
    return fail(Error(Code::not_found, "there is no drill " + id + " on this machine")
                    .with_hint("`lifeboat drill list` lists what there is; the evidence is in the "
                               "repository too."));
  const std::filesystem::path file = chosen.at("file").get<std::string>();
  return DrillRecord{file, TRY(read_drill_record(file))};
}

Result<RepositoryPtr> repository_of(Composition& composition, const drill::SignedRecord& record,
                                    const RunContext& context) {
  const auto wanted = drill::text_in(record.evidence, {"repository", "id"});
  const auto& service =
      *TRY(composition.loaded.config.find_service(drill::text_in(record.evidence, {"service"})));
  Error why(Code::not_found, "no repository of " + service.name + " has the id " + wanted);
  for (const auto& name : service.repositories) {
    auto opened = composition.service.open_repository(name, context);
    if (!opened) {
      why = opened.error();
    } else if ((*opened)->id().hex() == wanted) {
      return std::move(*opened);
    }
  }
  return fail(std::move(why));
}

}  // namespace lifeboat::service
