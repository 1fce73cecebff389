#pragma once
// Notices on their way: each is on disk before it is tried, and until its receiver has taken it. A
// receiver may get one twice, never none without its being said. One process at a time for each
// folder.
#include <functional>

#include "base/file.h"
#include "notify/notifier.h"

namespace lifeboat::notify {

// One notice for one notifier.
struct Letter {
  fs::path file;
  std::string notifier;  // empty when the file cannot be read
  Notice notice;
  unsigned attempts = 0;
  std::string error;  // of the last attempt
};

class Outbox {
 public:
  static constexpr std::size_t kMostLetters = 100;  // for each notifier

  explicit Outbox(fs::path folder) : folder_(std::move(folder)) {}

  // Durable when it returns. When too many wait for the notifier, the oldest is given up, and this
  // one says so.
  Result<void> add(const Notice& notice, const std::string& notifier);
  // In the order in which they were written. One that cannot be read is among them, with the error.
  std::vector<Letter> letters() const;
  Result<void> remove(const Letter& letter);
  Result<void> keep(const Letter& letter);

 private:
  fs::path folder_;
};

// How long a receiver is waited for.
struct Patience {
  unsigned attempts = 3;                     // for one letter in one run
  Duration pause = std::chrono::seconds(1);  // before the second; four times as long each time
  Duration attempt = std::chrono::seconds(10);
  Duration whole = std::chrono::seconds(60);  // for all letters of one notifier
};

struct Delivery {
  std::string notifier;
  std::string headline;  // of the last letter that was tried
  bool delivered = false;
  std::string answer;  // of the receiver, or why not
  std::string hint;
  std::size_t sent = 0;
  std::size_t waiting = 0;  // letters that are still there
};

using OpenNotifier = std::function<Result<std::unique_ptr<Notifier>>(const std::string& name)>;

// Hands out what waits, for each notifier in order; one that fails keeps its letters for the next
// run. A letter that is refused for good does not hold back those behind it. One Delivery for each
// notifier that had letters.
std::vector<Delivery> deliver(Outbox& outbox, const OpenNotifier& open, const Patience& patience,
                              const RunContext& context);

// One letter, tried several times with growing pauses while the error may pass.
Result<std::string> send_patiently(Notifier& notifier, const Notice& notice,
                                   const Patience& patience, const RunContext& context);

}  // namespace lifeboat::notify
