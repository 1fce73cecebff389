#include "config/app_texts.h"

namespace lifeboat::config {
namespace {

Result<void> visit_map(std::map<std::string, std::string>& texts, const VisitText& visit) {
  for (auto& [name, text] : texts) TRY(visit(text));
  return {};
}

Result<void> visit_json(Json& json, const VisitText& visit) {
  if (json.is_string()) return visit(json.get_ref<std::string&>());
  if (!json.is_structured()) return {};
  for (auto& each : json) TRY(visit_json(each, visit));
  return {};
}

Result<void> visit_role(drill::RoleOptions& role, const VisitText& visit) {
  TRY(visit(role.bearer));
  if (!role.jwt) return {};
  TRY(visit(role.jwt->key));
  return visit_json(role.jwt->claims, visit);
}

Result<void> visit_step(drill::StepOptions& step, const VisitText& visit) {
  TRY(visit(step.path));
  TRY(visit_map(step.headers, visit));
  TRY(visit(step.bearer));
  TRY(visit_json(step.json, visit));
  TRY(visit_map(step.form, visit));
  for (auto& [name, part] : step.multipart) TRY(visit(part.text));
  return visit(step.text);
}

}  // namespace

Result<void> for_each_text(drill::AppOptions& options, const VisitText& visit) {
  for (auto& process : options.processes) TRY(visit(process.command));
  TRY(visit_map(options.environment, visit));
  TRY(visit(options.ready.http));
  for (auto& [name, role] : options.roles) TRY(visit_role(role, visit));
  for (auto& step : options.journey) TRY(visit_step(step, visit));
  return {};
}

}  // namespace lifeboat::config
