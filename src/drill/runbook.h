#pragma once
// What the runbook says would happen, beside what happened in a drill: steps that are missing, slow
// or not reached. Pure.
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "drill/options.h"

namespace lifeboat::drill {

struct Report;

enum class RunbookOutcome : std::uint8_t {
  done,
  slow,         // done, in more than the runbook allows
  missing,      // the drill came to its end without it
  failed,       // it stopped the drill, or its check failed
  not_reached,  // the drill stopped before it
};
std::string_view name_of(RunbookOutcome outcome);

struct RunbookLine {
  RunbookStep step;
  RunbookOutcome outcome = RunbookOutcome::missing;
  std::optional<Duration> elapsed;
};

// Fills report.runbook, in the runbook's order, and adds a finding for each step that is missing or
// slow. The verdict stays what it is.
void compare_with_runbook(Report& report, const std::vector<RunbookStep>& runbook);

Json to_json(const RunbookLine& line);

}  // namespace lifeboat::drill
