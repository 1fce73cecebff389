#pragma once
// What is still to be done: every diagnosis stays open, and comes back in each drill's record,
// until a person closes it. Pure.
#include "drill/history.h"

namespace lifeboat::drill {

// Names the same thing from drill to drill.
std::string item_id(const Diagnosis& diagnosis);

// The items of a record that no resolution after it has closed.
std::vector<ActionItem> open_items(const SignedRecord& record,
                                   const std::vector<Resolution>& resolutions);

// Fills report.items: what the newest record left open, and what this drill diagnosed. What was
// closed and is met again is open again.
void carry_items(Report& report, const History& history);

}  // namespace lifeboat::drill
