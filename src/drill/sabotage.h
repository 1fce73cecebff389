#pragma once
// The drill of the drill: defects are planted in restored copies and in the application's
// surroundings, and the drill must fail and say why. Nothing is sealed, and nothing of it counts as
// proof. Used by one thread.
#include "drill/drill.h"

namespace lifeboat::drill {

// What the drill must say of a defect.
struct Expected {
  Verdict verdict = Verdict::failed;
  std::vector<std::string> checks;     // "counts.db" "app": one of them or below; empty = any
  std::vector<std::string> diagnoses;  // rules, of which one must explain such a check
};

struct Sabotage {
  std::string source;   // "db"; "app" "service"
  std::string defect;   // "row-lost"
  std::string planted;  // what was done; empty = there was nothing to spoil in this way
  Expected expected;
  Verdict verdict = Verdict::unverified;
  std::vector<std::string> noticed_by;  // checks that failed, a stage that stopped, an objective
  std::vector<std::string> diagnoses;   // the rules that explained it
  bool caught = false;                  // all that was expected came
};

struct SabotageReport {
  std::optional<repository::SnapshotInfo> snapshot;
  std::vector<Sabotage> defects;
  std::size_t planted() const;
  std::size_t caught() const;
};

// One sandbox after another, each with a restore of its own. An error when the undamaged copy
// itself is not proven (`check_failed`; `unavailable` when it is not known to be bad either): then
// nothing can be said about defects.
Result<SabotageReport> run_sabotage(const Request& request, repository::Repository& repository,
                                    const RunContext& context);

}  // namespace lifeboat::drill
