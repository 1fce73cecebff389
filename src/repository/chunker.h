#pragma once
// Where content is cut into chunks (docs/format.md, 6.1): fixed sizes for pages, keyed Gear for all
// else. A GearTable never changes once made; a Chunker belongs to one stream.
#include <array>
#include <cstdint>

#include "base/secret.h"
#include "repository/repository.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxChunk = 1U << 20U;

using GearTable = std::array<std::uint64_t, 256>;

// From K_cut, so that cuts tell a stranger nothing about the content.
GearTable gear_table(const Secret& cut);

struct CutSizes {
  std::size_t minimum = 0;
  std::size_t average = 0;  // a power of two
  std::size_t maximum = 0;  // equal to the minimum for pieces of one size
  bool operator==(const CutSizes&) const = default;
};

CutSizes cut_sizes(const StreamHint& hint);
// What a segment of such a stream is filled up to before it is closed.
std::size_t segment_target(const StreamHint& hint);

class Chunker {
 public:
  // `table` must outlive the chunker.
  Chunker(const GearTable& table, const CutSizes& sizes) : table_(&table), sizes_(sizes) {}

  // The length of the chunk with which `data` begins, or 0 when more content must be known. The
  // next call then passes the same bytes again with more behind them; those seen are not scanned
  // twice. `at_end` says that no more will come: then 0 only for no data.
  std::size_t cut(ByteView data, bool at_end);

 private:
  std::size_t scan(ByteView data, std::size_t to, unsigned mask_bits);
  std::size_t found(std::size_t length);

  const GearTable* table_;
  CutSizes sizes_;
  std::size_t scanned_ = 0;  // bytes of the current chunk that `hash_` has seen or skipped
  std::uint64_t hash_ = 0;
};

}  // namespace lifeboat::repository
