#include "repository/index_table.h"

#include <fcntl.h>

#include <algorithm>
#include <cmath>

#include "repository/index_builder.h"

namespace lifeboat::repository {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr int kGuesses = 6;

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return __builtin_bswap64(word);
}

// Ids are as good as random, so a key's place in its range can be told from its value.
std::uint64_t guess(std::uint64_t low, std::uint64_t high, std::uint64_t low_key,
                    std::uint64_t high_key, std::uint64_t key) {
  if (key <= low_key || high_key <= low_key) return low;
  const auto share =
      static_cast<long double>(key - low_key) / static_cast<long double>(high_key - low_key);
  const auto step = static_cast<std::uint64_t>(share * static_cast<long double>(high - low));
  return std::min(low + step, high - 1);
}

// A guess comes near from one side; one step to the other, of about its error, closes the range
// there.
std::uint64_t step_over(std::uint64_t middle, std::uint64_t low, std::uint64_t high, bool was_low) {
  const auto step = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(high - low)));
  if (was_low) return std::min(middle + step, high - 1);
  return middle - std::min(step, middle - low);
}

}  // namespace

std::array<std::uint64_t, 2> IndexTable::prefix_of(const ChunkId& id) {
  return {big_endian(id.bytes.data()), big_endian(id.bytes.data() + 8)};
}

Failure IndexTable::give_up(Error error) const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
  return fail(std::move(error)
                  .add_context("index table")
                  .with_hint("The table was removed. Run the command again: it is built anew."));
}

Result<std::uint64_t> IndexTable::lower_bound(const std::array<std::uint64_t, 2>& prefix) const {
  std::uint64_t low = 0;
  std::uint64_t high = chunks();
  std::uint64_t low_key = 0;
  std::uint64_t high_key = UINT64_MAX;
  bool was_low = false;
  for (int round = 0; low < high; ++round) {
    auto middle = low + (high - low) / 2;
    if (round < kGuesses) middle = guess(low, high, low_key, high_key, prefix[0]);
    if (round < kGuesses && round % 2 == 1) middle = step_over(middle, low, high, was_low);
    const auto found = TRY(at<ChunkRecord>(sections_.chunks, middle)).prefix;
    was_low = found < prefix;
    (was_low ? low : high) = was_low ? middle + 1 : middle;
    (was_low ? low_key : high_key) = found[0];
  }
  return low;
}

Result<ChunkRange> IndexTable::find(const ChunkId& id) const {
  const auto prefix = prefix_of(id);
  const auto first = TRY(lower_bound(prefix));
  auto last = first;
  while (last < chunks() && TRY(at<ChunkRecord>(sections_.chunks, last)).prefix == prefix) ++last;
  return ChunkRange{first, last};
}

Result<ChunkPlace> IndexTable::place(std::uint64_t position) const {
  const auto record = TRY(at<ChunkRecord>(sections_.chunks, position));
  return ChunkPlace{record.segment, static_cast<std::uint16_t>(record.chunk)};
}

Result<SegmentPlace> IndexTable::segment(std::uint32_t number) const {
  const auto record = TRY(at<SegmentRecord>(sections_.segments, number));
  return SegmentPlace{
      record.pack,
      record.birth,
      record.offset,
      record.chunks,
      {record.number, record.stored, record.raw, static_cast<Method>(record.method)}};
}

Result<PackPlace> IndexTable::pack(std::uint32_t number) const {
  const auto record = TRY(at<PackRecord>(sections_.packs, number));
  return PackPlace{record.name, record.size, record.trusted != 0};
}

Result<PackBirth> IndexTable::birth(std::uint32_t number) const {
  const auto record = TRY(at<BirthRecord>(sections_.births, number));
  return PackBirth{record.salt, {record.writer, record.seq}, record.commitment};
}

Result<std::shared_ptr<const IndexTable>> IndexTable::map(FileDescriptor file,
                                                          const Request& request,
                                                          std::filesystem::path path) {
  auto paged = TRY(PagedFile::open(std::move(file)));
  Header header;
  if (paged.header().size() != sizeof header) return fail(Code::corrupt, "another kind of file");
  std::memcpy(&header, paged.header().data(), sizeof header);
  if (header.version != kVersion || header.owner != request.owner)
    return fail(Code::corrupt, "another kind of index table");
  const std::shared_ptr<IndexTable> table(new IndexTable(std::move(paged), std::move(path)));
  table->sections_ = header.sections;
  return table;
}

Result<std::shared_ptr<const IndexTable>> IndexTable::open(const Request& request) {
  return IndexBuilder(request).open();
}

}  // namespace lifeboat::repository
