#pragma once
// A set of segments by birth: what a snapshot's head says it uses (docs/format.md, section 5). A
// value; one thread at a time.
#include <bit>
#include <map>

#include "repository/types.h"

namespace lifeboat::repository {

class SegmentSet {
 public:
  // Above what any pack can hold: a pack has at most 256 MiB, and a segment's directory entry 19
  // bytes.
  static constexpr std::uint32_t kEndOfNumbers = (256U << 20U) / 19;

  // A number that no pack can hold is left out.
  void add(const Salt& birth, std::uint32_t number);
  void add_all(const SegmentSet& other);
  bool contains(const Salt& birth, std::uint32_t number) const;
  bool contains_all(const SegmentSet& other) const;
  std::uint64_t size() const;
  bool operator==(const SegmentSet&) const = default;

  // Every birth with its numbers in order.
  template <class Visit>
  void visit(const Visit& each) const {
    for (const auto& [salt, words] : births_)
      for (const auto& [index, word] : words)
        for (auto rest = word; rest != 0; rest &= rest - 1)
          each(salt, index * 64 + static_cast<std::uint32_t>(std::countr_zero(rest)));
  }

  Bytes encode() const;
  // Reads to the end of `reader`; `corrupt` for numbers that no pack can hold.
  static Result<SegmentSet> parse(ByteReader& reader);

 private:
  // Word i has the bits of 64 i and on; none is 0.
  using Words = std::map<std::uint32_t, std::uint64_t>;

  std::map<Salt, Words> births_;
};

}  // namespace lifeboat::repository
