#pragma once
// A set of segments by birth: what a snapshot's head says it uses (docs/format.md, section 5). A
// value; one thread at a time.
#include <map>
#include <vector>

#include "repository/types.h"

namespace lifeboat::repository {

class SegmentSet {
 public:
  void add(const Salt& birth, std::uint32_t number);
  void add_all(const SegmentSet& other);
  bool contains(const Salt& birth, std::uint32_t number) const;
  bool empty() const { return births_.empty(); }
  std::uint64_t size() const;
  bool operator==(const SegmentSet& other) const { return encode() == other.encode(); }

  // Every birth with its numbers in order.
  template <class Visit>
  void visit(const Visit& each) const {
    for (const auto& [salt, bits] : births_)
      for (std::size_t i = 0; i < bits.size(); ++i)
        if (bits[i]) each(salt, static_cast<std::uint32_t>(i));
  }

  Bytes encode() const;
  // Reads to the end of `reader`; `corrupt` for numbers that no pack can hold.
  static Result<SegmentSet> parse(ByteReader& reader);

 private:
  std::map<Salt, std::vector<bool>> births_;  // bit i is segment number i
};

}  // namespace lifeboat::repository
