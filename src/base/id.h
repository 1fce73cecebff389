#pragma once
// Fixed-size identifiers with value semantics: order, equality, hex. Values only.
#include <array>
#include <compare>
#include <cstring>

#include "base/bytes.h"

namespace lifeboat {

template <class Tag, std::size_t N>
struct Id {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  auto operator<=>(const Id&) const = default;
  ByteView view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }
  static Result<Id> from(ByteView view) {
    Id id;
    if (view.size() != N) return fail(Code::corrupt, "an identifier of the wrong length");
    std::memcpy(id.bytes.data(), view.data(), N);
    return id;
  }
  static Result<Id> from_hex(std::string_view text) { return from(TRY(lifeboat::from_hex(text))); }
};

// Ids here are hashes, MACs or random: their first bytes are as good a hash as any.
struct IdHash {
  template <class Tag, std::size_t N>
  std::size_t operator()(const Id<Tag, N>& id) const {
    std::size_t hash;
    static_assert(N >= sizeof hash);
    std::memcpy(&hash, id.bytes.data(), sizeof hash);
    return hash;
  }
};

}  // namespace lifeboat
