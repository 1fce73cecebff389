#include "engine/mongodb/bson_layout.h"

#include <fmt/format.h>

#include <vector>

namespace lifeboat::engine::mongodb {
namespace {

using Size = std::optional<std::size_t>;

Size fitting(std::uint64_t size, ByteView rest) {
  if (size > rest.size()) return std::nullopt;
  return static_cast<std::size_t>(size);
}

// A length, that many bytes, the last of them NUL.
Size text_size(ByteView rest) {
  if (rest.size() < 5) return std::nullopt;
  const std::uint64_t length = little_endian_32(rest);
  const auto size = fitting(4 + length, rest);
  if (length == 0 || !size || rest[*size - 1] != 0) return std::nullopt;
  return size;
}

Size document_size(ByteView rest) {
  if (rest.size() < kMinDocument) return std::nullopt;
  const auto size = fitting(little_endian_32(rest), rest);
  if (!size || *size < kMinDocument || rest[*size - 1] != 0) return std::nullopt;
  return size;
}

Size until_nul(ByteView rest) {
  if (rest.empty()) return std::nullopt;
  const auto* end = static_cast<const std::uint8_t*>(std::memchr(rest.data(), 0, rest.size()));
  if (end == nullptr) return std::nullopt;
  return static_cast<std::size_t>(end - rest.data()) + 1;
}

Size binary_size(ByteView rest) {
  if (rest.size() < 5) return std::nullopt;
  return fitting(5ULL + little_endian_32(rest), rest);
}

Size regex_size(ByteView rest) {
  const auto pattern = until_nul(rest);
  if (!pattern) return std::nullopt;
  const auto options = until_nul(rest.subspan(*pattern));
  if (!options) return std::nullopt;
  return *pattern + *options;
}

Size pointer_size(ByteView rest) {
  const auto name = text_size(rest);
  if (!name) return std::nullopt;
  return fitting(*name + 12, rest);
}

Size code_with_scope_size(ByteView rest) {
  if (rest.size() < 4 + 5 + kMinDocument) return std::nullopt;
  const auto size = fitting(little_endian_32(rest), rest);
  if (!size || *size < 4 + 5 + kMinDocument) return std::nullopt;
  const auto inside = rest.subspan(4, *size - 4);
  const auto code = text_size(inside);
  if (!code) return std::nullopt;
  const auto scope = document_size(inside.subspan(*code));
  if (!scope || *code + *scope != inside.size()) return std::nullopt;
  return size;
}

Failure wrong(std::size_t position, const std::string& what) {
  return fail(Code::corrupt, fmt::format("not BSON: at byte {} {}", position, what));
}

// Walks a document to every depth without recursion: hostile nesting takes no stack.
class StructureCheck {
 public:
  explicit StructureCheck(ByteView bytes) : bytes_(bytes) {}

  Result<void> run() {
    if (bytes_.size() < kMinDocument || little_endian_32(bytes_) != bytes_.size())
      return wrong(0, "the length is not that of the document");
    if (bytes_.back() != 0) return wrong(bytes_.size() - 1, "the document does not end");
    TRY(enter(0, bytes_.size()));
    while (!ends_.empty()) TRY(step());
    return {};
  }

 private:
  Result<void> enter(std::size_t at, std::size_t size) {
    if (ends_.size() == kMaxDepth)
      return wrong(at, fmt::format("it is nested deeper than {} levels", kMaxDepth));
    ends_.push_back(at + size - 1);
    position_ = at + 4;
    return {};
  }

  Result<void> step() {
    if (position_ == ends_.back()) {
      ends_.pop_back();
      ++position_;
      return {};
    }
    const auto element = next_element(bytes_.subspan(position_, ends_.back() - position_));
    if (!element) return wrong(position_, "an element is unknown or does not fit");
    return pass(*element);
  }

  Result<void> pass(const Element& element) {
    const auto at = static_cast<std::size_t>(element.value.data() - bytes_.data());
    if (element.document()) return enter(at, element.value.size());
    if (element.holds(BsonType::code_with_scope)) {
      const auto scope = scope_offset(element.value);
      return enter(at + scope, element.value.size() - scope);
    }
    if (element.holds(BsonType::boolean) && element.value[0] > 1)
      return wrong(at, "a boolean is neither true nor false");
    position_ = at + element.value.size();
    return {};
  }

  ByteView bytes_;
  std::size_t position_ = 0;
  std::vector<std::size_t> ends_;  // of the documents we are in: where the closing NUL is
};

}  // namespace

std::optional<std::size_t> value_size(BsonType type, ByteView rest) {
  switch (type) {
    case BsonType::undefined:
    case BsonType::null:
    case BsonType::min_key:
    case BsonType::max_key:
      return 0;
    case BsonType::boolean:
      return fitting(1, rest);
    case BsonType::int32:
      return fitting(4, rest);
    case BsonType::number_double:
    case BsonType::date:
    case BsonType::timestamp:
    case BsonType::int64:
      return fitting(8, rest);
    case BsonType::object_id:
      return fitting(12, rest);
    case BsonType::decimal128:
      return fitting(16, rest);
    case BsonType::string:
    case BsonType::code:
    case BsonType::symbol:
      return text_size(rest);
    case BsonType::document:
    case BsonType::array:
      return document_size(rest);
    case BsonType::binary:
      return binary_size(rest);
    case BsonType::regex:
      return regex_size(rest);
    case BsonType::db_pointer:
      return pointer_size(rest);
    case BsonType::code_with_scope:
      return code_with_scope_size(rest);
  }
  return std::nullopt;
}

std::size_t scope_offset(ByteView value) { return 8U + little_endian_32(value.subspan(4)); }

std::optional<Element> next_element(ByteView rest) {
  if (rest.empty()) return std::nullopt;
  const auto key = until_nul(rest.subspan(1));
  if (!key) return std::nullopt;
  Element element;
  element.type = static_cast<BsonType>(rest[0]);
  element.key = {reinterpret_cast<const char*>(rest.data()) + 1, *key - 1};
  const auto size = value_size(element.type, rest.subspan(1 + *key));
  if (!size) return std::nullopt;
  element.value = rest.subspan(1 + *key, *size);
  element.whole = rest.first(1 + *key + *size);
  return element;
}

Result<DocumentView> DocumentView::check(ByteView bytes) {
  TRY(StructureCheck(bytes).run());
  return DocumentView(bytes);
}

}  // namespace lifeboat::engine::mongodb
