#include "engine/mongodb/object_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kUnsafe = "%/\\:*?\"<>|\x7f";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::string_view kEmptyName = "%";

enum class Capitals : std::uint8_t { kept, escaped };

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

bool is_unsafe(char c) {
  return static_cast<unsigned char>(c) < 0x20 || kUnsafe.find(c) != std::string_view::npos;
}

void put_escape(std::string& to, char c) {
  const auto byte = static_cast<unsigned char>(c);
  to += '%';
  to += kHex[byte >> 4U];
  to += kHex[byte & 15U];
}

std::string escaped_with(std::string_view name, Capitals capitals) {
  if (name.empty()) return std::string(kEmptyName);
  std::string escaped;
  for (std::size_t at = 0; at < name.size();) {
    const char c = name[at];
    const auto length = utf8_length(name.substr(at));
    const bool needs_it = length == 0 || is_unsafe(c) || (at == 0 && c == '.') ||
                          (capitals == Capitals::escaped && is_capital(c));
    if (needs_it)
      put_escape(escaped, c);
    else
      escaped += name.substr(at, length);
    at += needs_it ? 1 : length;
  }
  return escaped;
}

std::string folded(std::string name) {
  for (char& c : name)
    if (is_capital(c)) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

// Refuses what is not two upper-case digits.
std::optional<char> escaped_byte(std::string_view digits) {
  if (digits.size() < 2) return std::nullopt;
  const auto high = kHex.find(digits[0]);
  const auto low = kHex.find(digits[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(high << 4U | low);
}

Failure not_escaped(std::string_view escaped) {
  return fail(Code::corrupt, fmt::format("\"{}\" is not the escaped form of any name",
                                         escaped_with(escaped, Capitals::kept)));
}

}  // namespace

std::string escape_name(std::string_view name) { return escaped_with(name, Capitals::kept); }

std::map<std::string, std::string> escape_names(const std::vector<std::string>& names) {
  std::map<std::string, std::vector<std::string>> twins;
  for (const auto& name : names) twins[folded(name)].push_back(name);
  std::map<std::string, std::string> escaped;
  for (const auto& [fold, same] : twins) {
    const bool alone = std::all_of(same.begin(), same.end(),
                                   [&](const auto& each) { return each == same.front(); });
    for (const auto& name : same)
      escaped[name] = escaped_with(name, alone ? Capitals::kept : Capitals::escaped);
  }
  return escaped;
}

Result<std::string> unescape_name(std::string_view escaped) {
  if (escaped == kEmptyName) return std::string();
  std::string name;
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] != '%') {
      name += escaped[at];
      continue;
    }
    const auto byte = escaped_byte(escaped.substr(at + 1));
    if (!byte) return not_escaped(escaped);
    name += *byte;
    at += 2;
  }
  const bool canonical = escaped_with(name, Capitals::kept) == escaped ||
                         escaped_with(name, Capitals::escaped) == escaped;
  if (!canonical || name.empty()) return not_escaped(escaped);
  return name;
}

}  // namespace lifeboat::engine::mongodb
