#include "engine/mongodb/json_reader.h"

#include <fmt/format.h>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

Result<void> JsonReader::feed(ByteView chunk, const Visit& visit) {
  const std::string_view text(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool was_between = depth_ == 0;
    TRY(step(text[at]));
    if (was_between) start = at;
    if (was_between || depth_ > 0) continue;
    TRY_CONTEXT(fmt::format("the document on line {}", first_line_),
                end_document(text.substr(start, at + 1 - start), visit));
  }
  if (depth_ > 0) begun_ += text.substr(start);
  return {};
}

Result<void> JsonReader::finish() const {
  if (depth_ == 0) return {};
  return fail(Code::corrupt,
              fmt::format("the text ends inside the document that begins on line {}", first_line_));
}

Result<void> JsonReader::end_document(std::string_view last, const Visit& visit) {
  ++documents_;
  if (begun_.empty()) return visit(last);
  begun_ += last;
  TRY(visit(begun_));
  begun_.clear();
  return {};
}

Result<void> JsonReader::step(char c) {
  if (c == '\n') ++line_;
  if (depth_ == 0) {
    TRY(between(c));
  } else {
    if (++size_ > most_) return wrong(fmt::format("a document is larger than {} bytes", most_));
    in_text(c);
    if (depth_ > kMaxJsonDepth) return wrong("a document is nested too deeply");
  }
  ++position_;
  return {};
}

Result<void> JsonReader::between(char c) {
  if (is_mark(c)) return {};
  if (in_mark_) return wrong("a byte order mark is cut short");
  if (c == '{') {
    depth_ = 1;
    size_ = 1;
    first_line_ = line_;
    return {};
  }
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return {};
  return wrong("a document begins with a brace");
}

void JsonReader::in_text(char c) {
  if (after_backslash_) {
    after_backslash_ = false;
  } else if (in_text_) {
    after_backslash_ = c == '\\';
    in_text_ = c != '"';
  } else if (c == '"') {
    in_text_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
  }
}

bool JsonReader::is_mark(char c) {
  if (position_ >= kByteOrderMark.size() || c != kByteOrderMark[position_]) return false;
  if (position_ > 0 && !in_mark_) return false;
  in_mark_ = position_ + 1 < kByteOrderMark.size();
  return true;
}

Failure JsonReader::wrong(std::string_view what) const {
  return fail(Code::corrupt, fmt::format("not JSON documents: on line {}, at byte {}: {}", line_,
                                         position_, what));
}

}  // namespace lifeboat::engine::mongodb
