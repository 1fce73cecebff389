#pragma once
// The known word that was probably meant by a mistyped one. Pure and thread-safe.
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// The candidate nearest to `word` by edit distance, or empty when none is near enough to suggest.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace lifeboat
