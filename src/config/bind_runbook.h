#pragma once
// From nodes of a checked configuration to what a runbook says. Pure.
#include "config/place.h"
#include "config/problem.h"
#include "drill/options.h"

namespace lifeboat::config {

Result<drill::RunbookStep> bind_runbook_step(const Place& place);

// Each step names either a stage or a check, and a drill with that stage.
void check_runbook(const Node& drill, Problems& problems);

}  // namespace lifeboat::config
