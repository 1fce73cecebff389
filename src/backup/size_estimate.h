#pragma once
// Finds out beside a backup how much it will read, for whoever watches its progress: in a thread of
// low priority, only when somebody wants to know, and not at all for short runs. Ends with the
// object; used by one thread.
#include <thread>

#include "base/run_context.h"
#include "engine/options.h"

namespace lifeboat::backup {

class SizeEstimate {
 public:
  // Tells the progress its total once it is found. The references must outlive the object.
  SizeEstimate(const engine::SourceOptions& source, Duration after, const RunContext& context);

 private:
  std::jthread thread_;
};

}  // namespace lifeboat::backup
