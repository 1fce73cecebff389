#pragma once
// What somebody took upon themselves: a check that may fail until a day. Pure.
#include "drill/report.h"

namespace lifeboat::drill {

struct Waiver {
  std::string check;  // its id
  std::string reason;
  std::string who;
  Time until;
  Time said;
};

// Of the statements about this service; a later one about the same check takes the place of an
// earlier one, also to end it.
std::vector<Waiver> waivers_of(const std::vector<repository::Statement>& statements,
                               const std::string& service);

// Whether anybody can take a check of this id upon themselves: not what everything after it stands
// on. Where nothing is isolated or ready nothing is asked, and a waiver would call that proven.
bool is_waivable(const std::string& check);

// Failed checks, and those that did not run, become `waived` where a waiver lasts at the drill's
// beginning; one that has ended, is about a check that passes, or about one that cannot be waived
// (also: what was refused for safety), is a finding.
void apply_waivers(Report& report, const std::vector<Waiver>& waivers);

}  // namespace lifeboat::drill
