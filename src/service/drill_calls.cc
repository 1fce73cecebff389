#include "drill/evidence.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/drill_reports.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

Result<Json> rows_of(const Setup& setup, const std::string& service) {
  const auto composition = TRY(compose(setup));
  Json rows = Json::array();
  for (const auto& name : TRY(composition->service.service_names(
           service.empty() ? std::vector<std::string>{} : std::vector{service})))
    for (const auto& file : evidence_files(composition->service.drill_reports(name)))
      rows.push_back(drill_row(file).value_or(
          Json{{"id", ""}, {"service", name}, {"verdict", "unreadable"}, {"file", file.string()}}));
  return rows;
}

bool is_meant(const Json& row, const std::string& id) {
  return id.size() >= 4 && row.value("id", "").starts_with(id);
}

Result<DrillRequest> request_of(const Composition& composition, const DrillCall& call) {
  const auto& service = *TRY(composition.loaded.config.find_service(call.choice.service));
  DrillRequest request;
  request.service = service.name;
  request.drill = call.drill;
  request.from = call.choice.repository;
  request.selector = TRY(selector_of(call.choice, service.tz));
  request.keep = call.keep;
  return request;
}

}  // namespace

Result<Answer> run_drill(const Setup& setup, const DrillCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto sealed =
      TRY(composition->service.run_drill(TRY(request_of(*composition, call)), context));
  Answer answer;
  answer.body = {{"evidence", drill::to_json(sealed.report)},
                 {"file", sealed.evidence.string()},
                 {"page", sealed.page.string()}};
  answer.exit_status = drill::exit_status(sealed.report, call.strict);
  return answer;
}

Result<Answer> sabotage(const Setup& setup, const DrillCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto report =
      TRY(composition->service.run_sabotage(TRY(request_of(*composition, call)), context));
  Answer answer;
  answer.body = {{"service", call.choice.service},
                 {"snapshot", to_json(*report.snapshot)},
                 {"planted", report.planted()},
                 {"caught", report.caught()},
                 {"defects", Json::array()}};
  for (const auto& each : report.defects)
    answer.body["defects"].push_back({{"source", each.source},
                                      {"defect", each.defect},
                                      {"planted", each.planted},
                                      {"verdict", drill::name_of(each.verdict)},
                                      {"noticed_by", each.noticed_by},
                                      {"caught", each.caught}});
  answer.exit_status = report.planted() == 0 ? 2 : report.caught() == report.planted() ? 0 : 1;
  return answer;
}

Result<Answer> list_drills(const Setup& setup, const std::string& service) {
  return Answer{{{"drills", TRY(rows_of(setup, service))}}, 0};
}

Result<Answer> show_drill(const Setup& setup, const std::string& service, const std::string& id) {
  const auto rows = TRY(rows_of(setup, service));
  const Json* chosen = nullptr;
  for (const auto& row : rows)
    if (id == "latest" || is_meant(row, id)) chosen = &row;
  if (chosen == nullptr)
    return fail(Error(Code::not_found, "there is no drill " + id + " on this machine")
                    .with_hint("`lifeboat drill list` lists what there is; the evidence is in the "
                               "repository too."));
  const auto file = chosen->at("file").get<std::string>();
  const auto sealed = TRY(read_evidence(file));
  Answer answer;
  answer.body = {{"evidence", *TRY(member(sealed, "evidence"))},
                 {"file", file},
                 {"page", chosen->value("page", "")}};
  return answer;
}

Result<Answer> verify_evidence(const std::filesystem::path& file,
                               const std::string& expected_root) {
  const auto sealed = TRY(read_evidence(file));
  const auto verified = TRY_CONTEXT(file.string(), drill::verify_evidence(sealed, expected_root));
  Answer answer;
  answer.body = {{"evidence", verified.evidence},
                 {"signer", verified.signer},
                 {"root_public", verified.root_public},
                 {"root_known", !expected_root.empty()}};
  return answer;
}

}  // namespace lifeboat::service
