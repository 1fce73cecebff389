#pragma once
// The middle of some values. Pure.
#include <algorithm>
#include <cstddef>
#include <vector>

namespace lifeboat {

// The upper one of the two in the middle of an even number; T{} of no values.
template <class T>
T median_of(std::vector<T> values) {
  if (values.empty()) return T{};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace lifeboat
