#include "exchange/crc64.h"

#include <array>

namespace lifeboat::exchange {
namespace {

constexpr std::uint64_t kPolynomial = 0xC96C5795D7870F42ULL;

constexpr std::uint64_t shifted_by_eight(std::uint64_t value) {
  for (int bit = 0; bit < 8; ++bit) value = value >> 1U ^ ((value & 1U) != 0 ? kPolynomial : 0);
  return value;
}

constexpr std::array<std::uint64_t, 256> crc_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) table[byte] = shifted_by_eight(byte);
  return table;
}

constexpr auto kCrcTable = crc_table();

}  // namespace

void Crc64::update(ByteView bytes) {
  for (const auto byte : bytes) state_ = kCrcTable[(state_ ^ byte) & 0xffU] ^ state_ >> 8U;
}

}  // namespace lifeboat::exchange
