#pragma once
// Ctrl-C and its relatives: the first asks the run to stop, the second ends the process with 130.
// Make one before any thread is started, so that every thread inherits the blocked signals.
#include <stop_token>
#include <thread>

namespace lifeboat::cli {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread watcher_;
};

}  // namespace lifeboat::cli
