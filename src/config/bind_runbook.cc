#include "config/bind_runbook.h"

#include <fmt/format.h>

#include "config/values.h"

namespace lifeboat::config {
namespace {

// The key without which the drill has no such stage; empty for those that every drill has.
std::string_view key_of_stage(std::string_view stage) {
  return stage == "app" || stage == "before" ? stage : std::string_view();
}

void check_step(const Node& drill, const Node& step, Problems& problems) {
  const Node* stage = step.find("stage");
  if ((stage == nullptr) == (step.find("check") == nullptr)) {
    problems.error(step.mark, "a step of the runbook names exactly one of \"stage\" and \"check\"");
    return;
  }
  if (stage == nullptr) return;
  const auto key = key_of_stage(stage->text);
  if (!key.empty() && drill.find(key) == nullptr)
    problems.error(stage->mark,
                   fmt::format("this drill has no \"{}\", so that stage never happens", key));
}

}  // namespace

Result<drill::RunbookStep> bind_runbook_step(const Place& place) {
  drill::RunbookStep step;
  step.step = place["step"].text();
  step.stage = place["stage"].text();
  step.check = place["check"].text();
  if (const auto within = place["within"]; !within.absent())
    step.within = TRY(parse_duration(within.text()));
  return step;
}

void check_runbook(const Node& drill, Problems& problems) {
  const Node* runbook = drill.find("runbook");
  if (runbook == nullptr) return;
  for (const auto& step : runbook->items) check_step(drill, step, problems);
}

}  // namespace lifeboat::config
