#pragma once
// Where the parts of BSON lie: the one place that measures a value of each type, for the check and
// for the walk. Pure functions.
#include <bit>
#include <cstring>
#include <optional>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

inline std::uint32_t little_endian_32(ByteView bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

inline std::uint64_t little_endian_64(ByteView bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// The size of a value of that type at the beginning of `rest`; nothing when the type is unknown or
// the value does not fit or lacks its NUL. The inside of documents is not looked at.
std::optional<std::size_t> value_size(BsonType type, ByteView rest);

// Where the scope's document begins in a value of code_with_scope.
std::size_t scope_offset(ByteView value);

// The element at the beginning of `rest`, which has no closing NUL; nothing at its end.
std::optional<Element> next_element(ByteView rest);

}  // namespace lifeboat::engine::mongodb
