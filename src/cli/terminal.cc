#include "cli/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace lifeboat::cli {
namespace {

constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 400;
constexpr int kInputBeatMilliseconds = 100;

bool is_continuation(char letter) { return (static_cast<unsigned char>(letter) & 0xC0U) == 0x80U; }

std::string value_of(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::size_t detect_width(const std::map<std::string, std::string>& environment) {
  winsize size{};
  std::size_t width = 0;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
    width = size.ws_col;
  const auto given = value_of(environment, "COLUMNS");
  if (width == 0) std::from_chars(given.data(), given.data() + given.size(), width);
  return width == 0 ? Terminal().width : std::clamp(width, kNarrowest, kWidest);
}

// The length of the well-formed UTF-8 sequence at the front of `text`, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  return length;
}

// C0, DEL and, in UTF-8, the C1 controls, which some terminals obey.
bool is_control(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  return sequence.size() == 2 && first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::faint:
      return "\x1b[2m";
    case Style::good:
      return "\x1b[32m";
    case Style::bad:
      return "\x1b[31m";
    case Style::caution:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

Terminal Terminal::detect(const std::map<std::string, std::string>& environment, bool no_color) {
  Terminal terminal;
  terminal.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  terminal.in_is_terminal = isatty(STDIN_FILENO) == 1;
  const bool wanted = !no_color && value_of(environment, "NO_COLOR").empty() &&
                      value_of(environment, "TERM") != "dumb";
  terminal.colour = wanted && terminal.out_is_terminal;
  terminal.err_colour = wanted && terminal.err_is_terminal;
  terminal.width = detect_width(environment);
  return terminal;
}

bool await_input(int descriptor, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd watched{descriptor, POLLIN, 0};
    if (poll(&watched, 1, kInputBeatMilliseconds) > 0) return true;
  }
  return false;
}

std::string styled(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(style), text);
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto sequence = text.substr(0, std::max<std::size_t>(1, length));
    if (length != 0 && !is_control(sequence))
      result += sequence;
    else
      for (const char byte : sequence)
        result += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    text.remove_prefix(sequence.size());
  }
  return result;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = std::min(text.find('m', at), text.size());
      continue;
    }
    count += is_continuation(text[at]) ? 0 : 1;
  }
  return count;
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  std::size_t at = 0;
  for (std::size_t left = width; at < text.size(); ++at) {
    if (is_continuation(text[at])) continue;
    if (left == 1) break;
    --left;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t used = indent;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    const bool fits = used + 1 + columns(word) <= width;
    if (!result.empty()) {
      result += fits ? " " : "\n" + std::string(indent, ' ');
      used = fits ? used + 1 : indent;
    }
    result += word;
    used += columns(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string fitted(const std::string& text, std::size_t indent, const Terminal& terminal) {
  if (!terminal.err_is_terminal) return text;
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(0, begin) + wrapped(text.substr(begin), terminal.width, begin + indent);
}

}  // namespace lifeboat::cli
