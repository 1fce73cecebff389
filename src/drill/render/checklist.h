#pragma once
// The checklist that people worked through by hand before there was a drill, filled in from the
// evidence. Pure.
#include <string>
#include <vector>

#include "base/json.h"

namespace lifeboat::drill {

struct ChecklistItem {
  std::string step;     // "2. Restore the database"
  std::string text;     // what has to be so
  std::string outcome;  // "passed" "warned" "failed" "waived" "not_run"
  std::string note;     // what was found, or why it was not asked
};

std::vector<ChecklistItem> checklist_of(const Json& evidence);

}  // namespace lifeboat::drill
