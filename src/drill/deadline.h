#pragma once
// Stops a drill that takes longer than it may, and hands on a person's wish to stop it. Lives on
// the thread that drills; its timer has one of its own.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/clock.h"

namespace lifeboat::drill {

class Deadline {
 public:
  // Without `within` it only hands on.
  Deadline(const std::stop_token& asked, std::optional<Duration> within);
  // What everything that is done until then looks at.
  std::stop_token token() const { return source_.get_token(); }
  // Time was up, and that is why it was stopped.
  bool passed() const { return passed_; }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> hand_on_;
  std::atomic<bool> passed_{false};
  std::mutex mutex_;
  std::condition_variable_any over_;
  std::jthread timer_;  // last: it uses all of the above
};

}  // namespace lifeboat::drill
