#include "engine/hash_sum.h"

#include <bit>
#include <cstring>

namespace lifeboat::engine {

static_assert(std::endian::native == std::endian::little, "words are added as they lie");

void HashSum::add(const HashSum& other) {
  unsigned carry = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto partial = words[i] + other.words[i];
    const auto total = partial + carry;
    carry = (partial < words[i] ? 1U : 0U) | (total < partial ? 1U : 0U);
    words[i] = total;
  }
}

void HashSum::add(const crypto::Digest& hash) {
  HashSum one;
  std::memcpy(one.words.data(), hash.bytes.data(), sizeof one.words);
  add(one);
}

// The two's complement, as of one number of 256 bits.
void HashSum::subtract(const HashSum& other) {
  HashSum negative;
  for (std::size_t i = 0; i < words.size(); ++i) negative.words[i] = ~other.words[i];
  add(negative);
  add(HashSum{{1, 0, 0, 0}});
}

std::string HashSum::hex() const {
  return to_hex(ByteView(reinterpret_cast<const std::uint8_t*>(words.data()), sizeof words));
}

Result<HashSum> HashSum::from_hex(std::string_view text) {
  const auto digest = TRY(crypto::Digest::from_hex(text));
  HashSum sum;
  sum.add(digest);
  return sum;
}

}  // namespace lifeboat::engine
