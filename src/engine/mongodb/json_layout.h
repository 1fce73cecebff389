#pragma once
// How a JSON text is spaced. Pure functions.
#include <cstdint>
#include <string>
#include <string_view>

namespace lifeboat::engine::mongodb {

enum class JsonLayout : std::uint8_t {
  line,    // as Python spaces it: {"a": [1, 2]}
  pretty,  // over many lines, indented by two
};

// Changes nothing but the white space between the tokens. Of what is no JSON, something as long.
std::string lay_out(std::string_view json, JsonLayout layout);

}  // namespace lifeboat::engine::mongodb
