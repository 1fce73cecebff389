#include "engine/sqlite/wal_file.h"

#include <algorithm>
#include <array>

#include "engine/sqlite/big_endian.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::uint32_t kWalMagic = 0x377f0682;  // the last bit tells the order of checksum words
constexpr std::size_t kSaltsAt = 16;             // in the header; in a frame they are at 8
constexpr std::size_t kFrameSaltsAt = 8;
constexpr std::size_t kCommitSizeAt = 4;

struct Wal {
  std::uint32_t page_size = 0;
  std::array<std::uint8_t, 8> salts{};
  bool has_commit = false;
  std::optional<std::uint32_t> counter;  // of the last committed page 1, when there is one
};

// Frames of the current generation carry the salts of the header; what follows them is older.
Result<bool> read_frame(const RawFile& file, std::uint64_t offset, const Wal& wal, ByteSpan frame) {
  if (TRY(file.read(offset, frame)) < frame.size()) return false;
  return std::ranges::equal(frame.subspan(kFrameSaltsAt, wal.salts.size()), wal.salts);
}

Result<void> walk(const RawFile& file, Wal& wal) {
  std::array<std::uint8_t, kFrameHeaderSize + kHeaderSize> frame{};
  std::optional<std::uint32_t> uncommitted;
  auto offset = static_cast<std::uint64_t>(kWalHeaderSize);
  for (; TRY(read_frame(file, offset, wal, frame)); offset += kFrameHeaderSize + wal.page_size) {
    if (big_endian_32(frame) == 1)
      uncommitted = big_endian_32(ByteView(frame).subspan(kFrameHeaderSize + kChangeCounterAt));
    if (big_endian_32(ByteView(frame).subspan(kCommitSizeAt)) == 0) continue;
    wal.has_commit = true;
    if (uncommitted) wal.counter = uncommitted;
  }
  return {};
}

Result<std::optional<Wal>> read_wal(const std::string& path) {
  const auto file = TRY(RawFile::open(path));
  std::array<std::uint8_t, kWalHeaderSize> header{};
  if (TRY(file.read(0, header)) < header.size()) return std::nullopt;
  if ((big_endian_32(header) & ~1U) != kWalMagic) return std::nullopt;
  Wal wal;
  wal.page_size = big_endian_32(ByteView(header).subspan(8));
  if (wal.page_size < 512 || wal.page_size > 65536) return std::nullopt;
  std::copy_n(header.begin() + kSaltsAt, wal.salts.size(), wal.salts.begin());
  TRY(walk(file, wal));
  return wal;
}

Failure stale(const std::string& path, const std::string& why) {
  return Failure(
      Error(Code::source_unreadable, path + " does not belong to the database beside it: " + why)
          .with_hint("Opened together they would give old or mixed pages. Keep a copy of "
                     "both, then move the -wal away or put the right database back."));
}

}  // namespace

Result<void> check_wal(const std::string& wal_path, const Header& database) {
  const auto wal = TRY(read_wal(wal_path));
  if (!wal || !wal->has_commit) return {};  // SQLite ignores such a file too
  if (!database.wal) return stale(wal_path, "the database is not in WAL mode");
  if (wal->page_size != database.page_size) return stale(wal_path, "their page sizes differ");
  // Wraps around once in 2^32 changes: compared by distance, like sequence numbers.
  if (wal->counter && static_cast<std::int32_t>(*wal->counter - database.change_counter) < 0)
    return stale(wal_path, "it is older than the database");
  return {};
}

}  // namespace lifeboat::engine::sqlite
