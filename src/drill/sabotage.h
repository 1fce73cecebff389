#pragma once
// The drill of the drill: every defect that the engines know is planted in a restored copy, and the
// checks must notice each. Nothing is sealed, and nothing of it counts as proof.
#include "drill/drill.h"

namespace lifeboat::drill {

struct Sabotage {
  std::string source;
  std::string defect;   // "row-lost"
  std::string planted;  // what was done; empty = there was nothing to spoil in this way
  Verdict verdict = Verdict::unverified;
  std::vector<std::string> noticed_by;  // the checks that failed
  bool caught = false;                  // failed, and by a check that this defect is for
};

struct SabotageReport {
  std::optional<repository::SnapshotInfo> snapshot;
  std::vector<Sabotage> defects;
  std::size_t planted() const;
  std::size_t caught() const;
};

// One sandbox after another, each with a restore of its own. An error when the undamaged copy
// itself is not proven (`check_failed`): then nothing can be said about defects.
Result<SabotageReport> run_sabotage(const Request& request, repository::Repository& repository,
                                    const RunContext& context);

}  // namespace lifeboat::drill
