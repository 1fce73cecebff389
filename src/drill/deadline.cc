#include "drill/deadline.h"

namespace lifeboat::drill {

Deadline::Deadline(const std::stop_token& asked, std::optional<Duration> within)
    : hand_on_(asked, [this] { source_.request_stop(); }) {
  if (!within) return;
  timer_ = std::jthread([this, within = *within](const std::stop_token& ended) {
    std::unique_lock lock(mutex_);
    over_.wait_for(lock, ended, within, [] { return false; });
    // Whoever asked first is the reason.
    if (!ended.stop_requested() && source_.request_stop()) passed_ = true;
  });
}

}  // namespace lifeboat::drill
