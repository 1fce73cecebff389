#pragma once
// A digest that does not depend on the order of what it covers: the sum of SHA-256 values modulo
// 2^256. A value; one thread at a time.
#include <array>

#include "crypto/hash.h"

namespace lifeboat::engine {

// Each SHA-256 is read as a little-endian number of four little-endian words.
struct HashSum {
  std::array<std::uint64_t, 4> words{};

  void add(const HashSum& other);
  void add(const crypto::Digest& hash);
  // Takes away what was added.
  void subtract(const HashSum& other);
  // The sum's little-endian bytes: 64 hex digits.
  std::string hex() const;
  static Result<HashSum> from_hex(std::string_view text);

  bool operator==(const HashSum&) const = default;
};

}  // namespace lifeboat::engine
