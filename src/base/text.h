#pragma once
// What is replaced in texts. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// What was put in is not looked at again.
inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// With each secret taken out; those of less than four letters are in every text, and stay.
inline std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::size_t kShortestSecret = 4;
  for (const auto& secret : secrets)
    if (secret.size() >= kShortestSecret) replace_all(text, secret, "***");
  return text;
}

}  // namespace lifeboat
