#pragma once
// Randomness as injected. Implementations are thread-safe; production uses crypto::system_random().
#include <array>
#include <atomic>

#include "base/bytes.h"

namespace lifeboat {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(ByteSpan into) = 0;

  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> bytes;
    fill(bytes);
    return bytes;
  }
  // `size` random bytes as lower-case hex.
  std::string hex(std::size_t size) {
    Bytes bytes(size);
    fill(bytes);
    return to_hex(bytes);
  }
};

// The same bytes for the same seed; never for keys. For tests.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(ByteSpan into) override;

 private:
  std::atomic<std::uint64_t> state_;
};

}  // namespace lifeboat
