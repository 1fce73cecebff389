#pragma once
// Damage that any reader of an object must find. For tests of this room only.
#include <gtest/gtest.h>

#include "base/bytes.h"

namespace lifeboat::repository {

// `read(object)` gives a Result; it must succeed for the object itself and fail for every damaged
// form.
template <class Read>
void expect_damage_is_found(const Bytes& object, const Read& read) {
  ASSERT_TRUE(read(object));
  for (std::size_t i = 0; i < object.size(); ++i) {
    auto flipped = object;
    flipped[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_FALSE(read(flipped)) << "byte " << i << " of " << object.size();
  }
  for (std::size_t size = 0; size < object.size(); ++size) {
    auto cut = object;
    cut.resize(size);
    EXPECT_FALSE(read(cut)) << "cut to " << size;
  }
  auto longer = object;
  longer.push_back(0);
  EXPECT_FALSE(read(longer)) << "one byte longer";
}

}  // namespace lifeboat::repository
