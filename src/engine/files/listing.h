#pragma once
// The names in a folder in sorted order, in batches, so that memory stays bounded however wide the
// folder is. Values; the descriptor's position is moved, so one listing of a descriptor at a time.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lifeboat::engine::files {

class Names {
 public:
  std::size_t size() const { return places_.size(); }
  std::string_view operator[](std::size_t at) const {
    return std::string_view(bytes_).substr(places_[at].first, places_[at].second);
  }
  void add(std::string_view name);
  // Sorts, and keeps only the first `count`.
  void keep_first(std::size_t count);

 private:
  std::string bytes_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> places_;  // offset and size
};

struct Batch {
  Names names;
  bool more = false;  // there are further names after the last one
};

// The first `limit` names after `after` (all when it is empty), without "." and "..".
Result<Batch> list_names(int folder, std::string_view after, std::size_t limit);

}  // namespace lifeboat::engine::files
