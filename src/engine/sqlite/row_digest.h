#pragma once
// The digest of a table that does not depend on the order of its rows: the sum, modulo 2^256, of
// the SHA-256 of each row (docs/format-engines.md). A hasher belongs to one thread at a time; sums
// are values.
#include "crypto/hash.h"
#include "engine/hash_sum.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

struct RowSum : HashSum {
  std::uint64_t rows = 0;

  void add(const RowSum& other);
  void add(const crypto::Digest& row);
};

// A row is encoded as its values one after the other: the rowid first when the table has one, then
// the stored columns in declared order. A value is one type byte and its content, integers
// little-endian:
//   1 integer  its 8 bytes (two's complement)
//   2 real     the 8 bytes of the IEEE 754 double
//   3 text     u32 length, then the bytes as stored, in the encoding of the database
//   4 blob     u32 length, then the bytes
//   5 null     nothing
class RowHasher {
 public:
  // The statement's current row, all its columns.
  crypto::Digest digest(const Statement& row);

 private:
  void add_value(const Statement& row, int column);
  void add_bytes(ByteView bytes);
  void put(std::uint8_t type, std::uint64_t bits, std::size_t size);
  void flush();

  crypto::Sha256 hash_;
  Bytes pending_;  // the encoding of the row so far, but for large values
};

}  // namespace lifeboat::engine::sqlite
