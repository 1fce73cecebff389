#pragma once
// What the configuration says of keeping snapshots, and of how much loss and downtime is
// acceptable. Values only.
#include <optional>

#include "base/clock.h"

namespace lifeboat::policy {

struct RetentionOptions {
  unsigned keep_last = 0;   // this many of the newest complete snapshots; 0 = no such rule
  Duration keep_within{0};  // every snapshot younger than this; 0 = no such rule
};

struct ObjectiveOptions {
  std::optional<Duration> rpo;  // acceptable loss: how old the restored state may be
  std::optional<Duration> rto;  // acceptable downtime: until the service is ready again
};

}  // namespace lifeboat::policy
