#pragma once
// What is replaced and quoted in texts, and how they are written into a URL. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// What was put in is not looked at again.
inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// All but what RFC 3986 (2.3) leaves as it is, and `kept`, written as %XX.
inline std::string percent_encoded(std::string_view text, std::string_view kept = "") {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (kPlain.find(letter) != kPlain.npos || kept.find(letter) != kept.npos)
      result += letter;
    else
      result += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return result;
}

// With each secret taken out; those of less than four letters are in every text, and stay.
inline std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::size_t kShortestSecret = 4;
  for (const auto& secret : secrets)
    if (secret.size() >= kShortestSecret) replace_all(text, secret, "***");
  return text;
}

// As one word for /bin/sh: in quotes where it must be.
inline std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@+,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace lifeboat
