#pragma once
// The ways out of a cell that a configuration names: each connection that something inside makes
// to one of them is carried on from here, and written down. Has threads of its own; methods are
// thread-safe.
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "sandbox/options.h"

namespace lifeboat::sandbox {

struct Traffic {
  Destination destination;
  std::size_t connections = 0;
  std::size_t refused = 0;  // that could not be made, or were too many
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

class Passages {
 public:
  explicit Passages(const std::vector<Destination>& destinations);
  ~Passages() { close(); }
  Passages(const Passages&) = delete;
  Passages& operator=(const Passages&) = delete;

  // Carries on a connection that was made inside to the destination of this number.
  void carry(std::size_t number, FileDescriptor inside);
  // Ends every connection; nothing is carried on from then on.
  void close();
  std::vector<Traffic> traffic() const;

 private:
  struct Carrier {
    std::jthread thread;
    std::atomic<bool> done{false};
  };
  void run(std::size_t number, FileDescriptor inside, Carrier& carrier);
  void remove_done();

  mutable std::mutex mutex_;  // carriers and traffic are touched by every connection's thread
  std::vector<Traffic> traffic_;
  std::list<Carrier> carriers_;
  std::stop_source stop_;
};

}  // namespace lifeboat::sandbox
