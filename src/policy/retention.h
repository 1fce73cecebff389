#pragma once
// Which snapshots are kept, and why: pure rules over values. Thread-safe, for it holds only its
// options.
#include <span>
#include <string>
#include <vector>

#include "policy/options.h"

namespace lifeboat::policy {

struct RetainedSnapshot {
  std::string id;
  Time time;
  bool complete = true;
  bool held = false;               // a person said: keep it
  bool proven = false;             // a drill of tier `full` proved it
  std::vector<std::string> needs;  // ids of the snapshots it cannot be restored without
};

struct Decision {
  std::string id;
  bool keep = false;
  std::vector<std::string> reasons;  // for people: "last 1 of 7", "held"; never empty
};

class Retention {
 public:
  explicit Retention(RetentionOptions options) : options_(options) {}

  // One decision a snapshot, newest first. Always kept: everything when there is no rule, the
  // newest complete snapshot, the last proven one, held ones, what a kept one needs, and incomplete
  // ones that are newer than every complete one. An incomplete snapshot never counts for
  // `keep_last`. `keep_within` looks back from the newest complete snapshot or from `now`,
  // whichever is earlier: neither a clock that jumped ahead nor backups that stopped long ago empty
  // a repository.
  std::vector<Decision> decide(std::span<const RetainedSnapshot> snapshots, Time now) const;

 private:
  RetentionOptions options_;
};

// What a person who names snapshots to forget is answered, one decision a name in the order of
// age, newest first: `keep` says why not (held, the last proven one, needed by one that stays),
// else the reasons say what else it is. Names that are not in `snapshots` are left out.
std::vector<Decision> decide_removal(std::span<const RetainedSnapshot> snapshots,
                                     std::span<const std::string> named);

}  // namespace lifeboat::policy
