#pragma once
// What a restore could not bring back, counted by kind, so that a million files make one finding.
// Thread-safe.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/entry.h"

namespace lifeboat::engine::files {

enum class Loss : std::uint8_t { owner, mode, time, attribute, special, hard_link, stranger };

class Losses {
 public:
  void count(Loss loss, const std::string& path);
  std::vector<Finding> findings() const;

 private:
  struct Seen {
    std::string first;
    std::size_t times = 0;
  };
  mutable std::mutex mutex_;
  std::map<Loss, Seen> seen_;
};

}  // namespace lifeboat::engine::files
