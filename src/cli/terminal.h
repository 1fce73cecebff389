#pragma once
// What the two output streams are and can do. Values; made once at the start.
#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

namespace lifeboat::cli {

struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool in_is_terminal = false;
  bool colour = false;  // of stdout
  bool err_colour = false;
  std::size_t width = 100;  // columns; of text that is not for a terminal too

  static Terminal detect(const std::map<std::string, std::string>& environment, bool no_color);
};

enum class Style : std::uint8_t { plain, bold, faint, good, bad, caution };

// Until there is something to read, or nothing can come any more; false when asked to stop first.
// A terminal hands out whole lines.
bool await_input(int descriptor, const std::stop_token& stop);

// With colours only when `colour` says so.
std::string styled(std::string_view text, Style style, bool colour);

// Names come from files and from other people: control characters and broken UTF-8 are written as
// \xNN.
std::string printable(std::string_view text);
// How many columns a UTF-8 text takes (one for each code point, none for colours).
std::size_t columns(std::string_view text);
// At most `width` columns, with "…" at the end of what was cut.
std::string cut_to(std::string_view text, std::size_t width);
// Broken at spaces, each line but the first after `indent` spaces.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
// A line of standard error whose text begins after `indent` columns: a terminal breaks lines
// anywhere; in a log they stay whole.
std::string fitted(const std::string& text, std::size_t indent, const Terminal& terminal);

}  // namespace lifeboat::cli
