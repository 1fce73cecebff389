#pragma once
// Hands notices to one receiver. An implementation keeps no connection between calls; one call at a
// time for each object.
#include <memory>

#include "base/run_context.h"
#include "notify/notice.h"

namespace lifeboat::notify {

class Notifier {
 public:
  virtual ~Notifier() = default;
  // One attempt, within `limit`: what the receiver answered, on one line. Errors that may pass are
  // retryable(); neither an error nor the answer holds a secret of the options.
  virtual Result<std::string> send(const Notice& notice, Duration limit,
                                   const RunContext& context) = 0;
};

// Whether such a notice is for this notifier. Its secrets are not needed.
bool wants(const Options& options, const Notice& notice);

// `config_invalid` when the options lack what the kind needs.
Result<std::unique_ptr<Notifier>> open_notifier(Options options);

}  // namespace lifeboat::notify
