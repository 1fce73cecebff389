#pragma once
// Puts objects one after another in a thread of its own, so that storing overlaps with compressing.
// The order is kept: what comes later is stored only when all before it is durable. Thread-safe.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/backend.h"

namespace lifeboat::repository {

class Outbox {
 public:
  struct Item {
    storage::Key key;
    ByteView bytes;
    Bytes owned;                     // holds `bytes` when nobody else does
    std::function<void()> finished;  // called in the outbox's thread, stored or not
  };

  explicit Outbox(storage::Backend& backend);
  // Abandons what was not begun.
  ~Outbox();

  // After an error nothing more is stored: every later item is only finished.
  void put(Item item);
  // Waits for everything put so far; the first error that was met.
  Result<void> drain();
  Result<void> status();

 private:
  void run(const std::stop_token& stop);
  void put_next(std::unique_lock<std::mutex>& lock);

  storage::Backend& backend_;
  std::mutex guard_;  // for the members below; not held while an object is stored
  std::condition_variable_any changed_;
  std::deque<Item> items_;
  bool busy_ = false;
  std::optional<Error> error_;
  std::jthread thread_;
};

}  // namespace lifeboat::repository
