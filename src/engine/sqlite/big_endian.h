#pragma once
// The integers of SQLite's file format, which are big-endian, and where the ones used here are.
#include "base/bytes.h"

namespace lifeboat::engine::sqlite {

inline std::uint32_t big_endian_32(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24U | static_cast<std::uint32_t>(bytes[1]) << 16U |
         static_cast<std::uint32_t>(bytes[2]) << 8U | static_cast<std::uint32_t>(bytes[3]);
}

inline std::uint32_t big_endian_16(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 8U | static_cast<std::uint32_t>(bytes[1]);
}

// Offsets in page 1.
inline constexpr std::size_t kPageSizeAt = 16;
inline constexpr std::size_t kReadVersionAt = 19;
inline constexpr std::size_t kChangeCounterAt = 24;
inline constexpr std::size_t kPageCountAt = 28;
inline constexpr std::size_t kSchemaCookieAt = 40;
inline constexpr std::size_t kVersionValidForAt = 92;
inline constexpr std::size_t kHeaderEnd = 100;

}  // namespace lifeboat::engine::sqlite
