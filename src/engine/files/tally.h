#pragma once
// Counts and order-free digests of a tree's entries: the facts of the files engine
// (docs/format-engines.md). Thread-safe.
#include <array>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "engine/files/entry_maker.h"

namespace lifeboat::engine::files {

// The sum of SHA-256 values as numbers modulo 2^256: the same whatever the order.
class DigestSum {
 public:
  void add(ByteView bytes);
  void remove(ByteView bytes);
  std::string hex() const;  // most significant first

 private:
  std::array<std::uint64_t, 4> words_{};  // least significant first
};

// The greatest of values that may also be taken back, remembering only the top few.
class Greatest {
 public:
  void add(std::int64_t value, const std::string& path);
  void remove(std::int64_t value, const std::string& path);
  std::optional<std::int64_t> value() const;

 private:
  std::set<std::pair<std::int64_t, std::string>> top_;
};

class Tally {
 public:
  void add(const EntryInfo& info, const Metadata& metadata);
  // It turned out not to be readable, or of another size.
  void remove(const EntryInfo& info, const Metadata& metadata);
  Json facts() const;

 private:
  void count(const EntryInfo& info, const Metadata& metadata, std::int64_t times);

  mutable std::mutex mutex_;
  std::array<std::int64_t, 8> kinds_{};  // by EntryKind
  std::int64_t bytes_ = 0;
  std::string root_mode_;
  DigestSum tree_;
  DigestSum owners_;
  DigestSum attributes_;
  Greatest newest_;
  Greatest largest_;
};

}  // namespace lifeboat::engine::files
