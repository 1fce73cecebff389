#pragma once
// Where it went wrong: older snapshots are drilled, halving the distance each time, until a good
// one stands directly before a bad one. Pure but for the drills themselves.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drill/report.h"

namespace lifeboat::drill {

struct Trial {
  repository::SnapshotInfo snapshot;
  Verdict verdict = Verdict::unverified;
  std::string reason;
  std::string drill;  // the id of its record
};

struct WalkBack {
  std::optional<repository::SnapshotInfo> newest_good;
  repository::SnapshotInfo first_bad;  // of those that were drilled, the one after it
  std::vector<Trial> trials;           // in their order
  std::string undecided;               // why it ended early; empty when it did not
};

// Drills one of them.
using TryOut = std::function<Result<Trial>(const repository::SnapshotInfo&)>;

// `older`: oldest first, all before `failed`. Takes it that what broke stayed broken; when it did
// not, what is found still is a good snapshot directly before a bad one. Without any good one the
// oldest was drilled too.
Result<WalkBack> walk_back(const std::vector<repository::SnapshotInfo>& older,
                           const repository::SnapshotInfo& failed, const TryOut& try_out);

}  // namespace lifeboat::drill
