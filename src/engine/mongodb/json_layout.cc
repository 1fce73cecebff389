#include "engine/mongodb/json_layout.h"

#include <algorithm>

namespace lifeboat::engine::mongodb {
namespace {

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Spacing {
 public:
  Spacing(std::string_view json, JsonLayout layout) : rest_(json), layout_(layout) {
    spaced_.reserve(json.size());
  }

  std::string run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (!is_json_space(c)) put(c);
    }
    return std::move(spaced_);
  }

 private:
  void put(char c) {
    if (c == '"') return put_text();
    if (c == '{' || c == '[') return open(c);
    if (c == '}' || c == ']') return close(c);
    spaced_ += c;
    if (c == ':') spaced_ += ' ';
    if (c == ',') separate();
  }

  // With its quotes, as it is.
  void put_text() {
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, rest_.size());
    spaced_ += '"';
    spaced_ += rest_.substr(0, end);
    rest_.remove_prefix(end);
  }

  void open(char c) {
    spaced_ += c;
    ++depth_;
    while (!rest_.empty() && is_json_space(rest_.front())) rest_.remove_prefix(1);
    const bool is_empty = !rest_.empty() && (rest_.front() == '}' || rest_.front() == ']');
    if (!is_empty) new_line();
  }

  void close(char c) {
    if (depth_ > 0) --depth_;
    if (!spaced_.ends_with('{') && !spaced_.ends_with('[')) new_line();
    spaced_ += c;
  }

  void separate() {
    if (layout_ == JsonLayout::line)
      spaced_ += ' ';
    else
      new_line();
  }

  void new_line() {
    if (layout_ == JsonLayout::line) return;
    spaced_ += '\n';
    spaced_.append(2 * depth_, ' ');
  }

  std::string_view rest_;
  JsonLayout layout_;
  std::string spaced_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string lay_out(std::string_view json, JsonLayout layout) {
  return Spacing(json, layout).run();
}

}  // namespace lifeboat::engine::mongodb
