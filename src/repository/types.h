#pragma once
// The names and the common beginning of every object in format 1 (docs/format.md, section 1), and
// the small values that the parts of this room share. Values and pure functions only.
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "repository/repository.h"

namespace lifeboat::repository {

enum class ObjectType : std::uint8_t {
  key_slot = 1,
  session = 2,
  pack = 3,
  index = 4,
  snapshot = 5,
  void_ = 6,
  statement = 7,
  collect = 8,
  log = 9,
};

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kPrefixSize = 8;
constexpr std::size_t kMaxObject = 256U << 20U;     // packs and indexes
constexpr std::size_t kMaxSmallObject = 1U << 20U;  // key slots, sessions, voids

// A pack is named by the hash of its bytes.
using PackName = Id<struct PackTag, 32>;

using IndexName = Id<struct IndexTag, 32>;

// Names a pack by birth: what segments are counted from, wherever they are moved.
using Salt = Id<struct SaltTag, 32>;

// Names a session, and the snapshot or void that ends it.
struct SessionRef {
  WriterId writer;
  std::uint64_t seq = 0;
  auto operator<=>(const SessionRef&) const = default;
};

Bytes make_prefix(ObjectType type);
// What follows the prefix. A newer format is `unsupported_format`; anything else that differs
// `corrupt`.
Result<ByteView> strip_prefix(ByteView object, ObjectType type);

std::string hex_of(std::uint64_t number);  // 16 digits
// 16 lower-case digits, not zero; else `corrupt`.
Result<std::uint64_t> parse_seq(std::string_view text);

// Storage keys, which are also the names N that objects are sealed and signed for.
std::string session_key(const SessionRef& session);            // sessions/<writer>/<seq>
std::string snapshot_key(const SessionRef& session);           // snapshots/<writer>/<seq>
std::string pack_key(const PackName& pack);                    // packs/<aa>/<hash>
std::optional<PackName> parse_pack_key(std::string_view key);  // nothing: no pack's name
std::string collect_key(std::uint64_t number);                 // collect/<n>

// N of objects that are named by their own hash.
inline constexpr std::string_view kKeysName = "keys/";
inline constexpr std::string_view kPacksName = "packs/";
inline constexpr std::string_view kCollectName = "collect/";
inline constexpr std::string_view kIndexName = "index/";

// "sessions/<writer>/<seq>" and "snapshots/<writer>/<seq>"; anything else is `corrupt`.
Result<SessionRef> parse_session_key(std::string_view folder, std::string_view key);

// µs since 1970 as u64, for binary fields; times before 1970 become 0.
std::uint64_t to_micros(Time time);
// Over the year 9999 is `corrupt`.
Result<Time> from_micros(std::uint64_t micros);

}  // namespace lifeboat::repository
