#pragma once
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. Pure.
#include <cstddef>
#include <string>
#include <string_view>

namespace lifeboat::engine::mongodb {

// The bytes of the character that `text` begins with; 0 when it begins with none.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
// Of UTF-8 as many whole characters as `most` bytes hold.
std::string first_characters(std::string text, std::size_t most);

}  // namespace lifeboat::engine::mongodb
