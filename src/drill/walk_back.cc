#include "drill/walk_back.h"

namespace lifeboat::drill {
namespace {

bool is_good(Verdict verdict) {
  return verdict == Verdict::proven || verdict == Verdict::proven_with_waivers;
}

}  // namespace

Result<WalkBack> walk_back(const std::vector<repository::SnapshotInfo>& older,
                           const repository::SnapshotInfo& failed, const TryOut& try_out) {
  WalkBack walk;
  walk.first_bad = failed;
  std::size_t good = 0;  // this many from the oldest on lie before the boundary
  std::size_t bad = older.size();
  while (good < bad) {
    const auto& next = older[good + (bad - good) / 2];
    walk.trials.push_back(TRY(try_out(next)));
    const auto& trial = walk.trials.back();
    if (trial.verdict == Verdict::unverified) {
      walk.undecided =
          "the drill of " + next.id.hex().substr(0, 10) + " could not decide: " + trial.reason;
      return walk;
    }
    if (is_good(trial.verdict)) {
      walk.newest_good = next;
      good += (bad - good) / 2 + 1;
    } else {
      walk.first_bad = next;
      bad = good + (bad - good) / 2;
    }
  }
  return walk;
}

}  // namespace lifeboat::drill
