#include "engine/sqlite/row_digest.h"

#include <bit>
#include <cstring>

namespace lifeboat::engine::sqlite {
namespace {

// Larger values go to the hash as they are; smaller ones are gathered, one update for all.
constexpr std::size_t kLargeValue = 16U << 10U;

static_assert(std::endian::native == std::endian::little, "integers are hashed as they lie");

}  // namespace

void RowSum::add(const RowSum& other) {
  HashSum::add(other);
  rows += other.rows;
}

void RowSum::add(const crypto::Digest& row) {
  HashSum::add(row);
  ++rows;
}

crypto::Digest RowHasher::digest(const Statement& row) {
  pending_.clear();
  const int columns = row.columns();
  for (int column = 0; column < columns; ++column) add_value(row, column);
  flush();
  const auto digest = hash_.finish();
  hash_.reset();
  return digest;
}

void RowHasher::add_value(const Statement& row, int column) {
  const int type = row.type(column);
  const auto code = static_cast<std::uint8_t>(type);
  static_assert(SQLITE_INTEGER == 1 && SQLITE_FLOAT == 2 && SQLITE_TEXT == 3);
  static_assert(SQLITE_BLOB == 4 && SQLITE_NULL == 5);
  switch (type) {
    case SQLITE_INTEGER:
      return put(code, static_cast<std::uint64_t>(row.integer(column)), 8);
    case SQLITE_FLOAT:
      return put(code, std::bit_cast<std::uint64_t>(row.real(column)), 8);
    case SQLITE_NULL:
      return put(code, 0, 0);
    default: {
      const auto bytes = row.bytes(column);
      put(code, bytes.size(), 4);
      add_bytes(bytes);
    }
  }
}

void RowHasher::add_bytes(ByteView bytes) {
  if (bytes.size() < kLargeValue) return append(pending_, bytes);
  flush();
  hash_.update(bytes);
}

void RowHasher::put(std::uint8_t type, std::uint64_t bits, std::size_t size) {
  const auto at = pending_.size();
  pending_.resize(at + 1 + size);
  pending_[at] = type;
  std::memcpy(pending_.data() + at + 1, &bits, size);
}

void RowHasher::flush() {
  hash_.update(pending_);
  pending_.clear();
}

}  // namespace lifeboat::engine::sqlite
