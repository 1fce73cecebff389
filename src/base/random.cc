#include "base/random.h"

namespace lifeboat {

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
void SeededRandom::fill(ByteSpan into) {
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15U;
  auto state = state_.fetch_add(kStep * into.size());
  for (auto& byte : into) {
    auto mixed = state += kStep;
    mixed = (mixed ^ mixed >> 30U) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ mixed >> 27U) * 0x94D049BB133111EBU;
    byte = static_cast<std::uint8_t>(mixed >> 56U);
  }
}

}  // namespace lifeboat
