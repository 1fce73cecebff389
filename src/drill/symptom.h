#pragma once
// One thing that is wrong in a report, as the rules of the diagnosis look at it. Values that refer
// to the report; pure.
#include <span>

#include "drill/report.h"

namespace lifeboat::drill {

struct Symptom {
  enum class Of : std::uint8_t { stage, check, finding, objective, tear_down, verdict };
  Of of = Of::check;
  std::string subject;  // "restore", "counts.db", "size-halved", "rto"
  std::string text;     // what was found, for people
  const Report& report;
  const Error* error = nullptr;        // of a stage
  const CheckResult* check = nullptr;  // of a check …
  const Sign* sign = nullptr;          // … and the one object of it, when it names objects
};

// Everything that did not go well, in the order of the report.
std::vector<Symptom> symptoms_of(const Report& report);

// A row of the table. The first that fits explains the symptom, so the special stand before the
// general, and the fundamental before what follows from it. `cause` and `next` may name {object},
// {source}, {service}, {snapshot} and {id}.
struct Rule {
  std::string_view id;
  bool (*fits)(const Symptom&);
  std::string_view cause;
  std::string_view next;
  std::string_view owner;
  bool consequence = false;  // said only when no other rule says something of the same check
};

// Each kind of rule in a file of its own, in the order in which they are asked.
std::span<const Rule> program_rules();
std::span<const Rule> foreign_rules();
std::span<const Rule> stage_rules();
std::span<const Rule> check_rules();
std::span<const Rule> application_rules();
std::span<const Rule> finding_rules();

// For the rules: is it a check whose id begins so, with this outcome?
bool is_check(const Symptom& symptom, std::string_view prefix, Outcome outcome = Outcome::failed);
// Does what was found contain these words?
bool says(const Symptom& symptom, std::string_view words);
// Was it asked of the application, or of where that runs?
bool is_of_application(const Symptom& symptom);
// Is there a check whose id begins so, did all of them pass?
bool all_passed(const Report& report, std::string_view prefix);

}  // namespace lifeboat::drill
