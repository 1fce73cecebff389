#pragma once
// Which paths a snapshot has, at eight bytes each. Used by one thread at a time; holds() only after
// seal().
#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

namespace lifeboat::engine::files {

// Two paths may share a number: then a stranger stays, and nothing is ever removed by mistake.
class SnapshotPaths {
 public:
  void add(std::string_view path, bool is_folder) {
    all_.push_back(number(path));
    if (is_folder) folders_.push_back(number(path));
  }
  void seal() {
    std::ranges::sort(all_);
    std::ranges::sort(folders_);
  }
  bool holds(std::string_view path) const { return std::ranges::binary_search(all_, number(path)); }
  bool holds_folder(std::string_view path) const {
    return std::ranges::binary_search(folders_, number(path));
  }

 private:
  static std::size_t number(std::string_view path) { return std::hash<std::string_view>()(path); }
  std::vector<std::size_t> all_;
  std::vector<std::size_t> folders_;
};

}  // namespace lifeboat::engine::files
