#pragma once
// Searching a sorted table of random keys that lies in pages: few pages are touched. Pure
// functions.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "repository/repository.h"

namespace lifeboat::repository {

// The first half of a chunk id as big-endian words, which order as its bytes do. The ids are MACs:
// that two chunks share it is as likely as any accident that nobody plans for (2^-77 among 2^26).
using ChunkPrefix = std::array<std::uint64_t, 2>;

inline ChunkPrefix prefix_of(const ChunkId& id) {
  ChunkPrefix prefix;
  std::memcpy(prefix.data(), id.bytes.data(), sizeof prefix);
  return {__builtin_bswap64(prefix[0]), __builtin_bswap64(prefix[1])};
}

namespace detail {

// Keys are as good as random, so a key's place in its range can be told from its value.
inline std::uint64_t guess(std::array<std::uint64_t, 2> range, std::array<std::uint64_t, 2> keys,
                           std::uint64_t key) {
  if (key <= keys[0] || keys[1] <= keys[0]) return range[0];
  const auto share = static_cast<double>(key - keys[0]) / static_cast<double>(keys[1] - keys[0]);
  const auto step = static_cast<std::uint64_t>(share * static_cast<double>(range[1] - range[0]));
  return std::min(range[0] + step, range[1] - 1);
}

// A guess comes near from one side; one step to the other, of about its error, closes the range
// there.
inline std::uint64_t step_over(std::uint64_t middle, std::array<std::uint64_t, 2> range,
                               bool was_low) {
  const auto step = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(range[1] - range[0])));
  if (was_low) return std::min(middle + step, range[1] - 1);
  return middle - std::min(step, middle - range[0]);
}

}  // namespace detail

// The first of `count` keys that is not below `key`. `get(i)` is a Result of the key at i.
template <class Get>
Result<std::uint64_t> sorted_lower_bound(std::uint64_t count, const ChunkPrefix& key,
                                         const Get& get) {
  constexpr int kGuesses = 6;
  std::array<std::uint64_t, 2> range{0, count};
  std::array<std::uint64_t, 2> keys{0, UINT64_MAX};
  bool was_low = false;
  for (int round = 0; range[0] < range[1]; ++round) {
    auto middle = range[0] + (range[1] - range[0]) / 2;
    if (round < kGuesses) middle = detail::guess(range, keys, key[0]);
    if (round < kGuesses && round % 2 == 1) middle = detail::step_over(middle, range, was_low);
    const ChunkPrefix found = TRY(get(middle));
    was_low = found < key;
    range[was_low ? 0 : 1] = was_low ? middle + 1 : middle;
    keys[was_low ? 0 : 1] = found[0];
  }
  return range[0];
}

}  // namespace lifeboat::repository
