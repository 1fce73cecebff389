#pragma once
// Why a drill failed, from a table of rules: cause, grounds, next command and owner. Pure.
#include "drill/report.h"

namespace lifeboat::drill {

// One entry for each thing that is wrong, the most fundamental first. What no rule explains says so
// (rule "unexplained"); nothing is left out.
std::vector<Diagnosis> diagnose(const Report& report);

}  // namespace lifeboat::drill
