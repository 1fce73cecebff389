#include "engine/mongodb/bson.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/mongodb/bson_layout.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::array<std::uint8_t, kMinDocument> kEmptyDocument{5, 0, 0, 0, 0};

Bytes with_length(Bytes document) {
  const auto size = static_cast<std::uint32_t>(document.size());
  std::memcpy(document.data(), &size, sizeof size);
  return document;
}

bool is_whole(double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  return number >= -kTwoTo63 && number < kTwoTo63 && std::trunc(number) == number;
}

}  // namespace

std::string Timestamp::text() const { return fmt::format("{}.{}", seconds, increment); }

std::optional<DocumentView> Element::document() const {
  if (!holds(BsonType::document) && !holds(BsonType::array)) return std::nullopt;
  return DocumentView(value);
}

DocumentView Element::inside() const { return document().value_or(DocumentView()); }

std::optional<std::string_view> Element::text() const {
  if (!holds(BsonType::string)) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(value.data()) + 4, value.size() - 5);
}

std::optional<double> Element::number() const {
  if (holds(BsonType::number_double)) return std::bit_cast<double>(little_endian_64(value));
  if (const auto whole_number = integer()) return static_cast<double>(*whole_number);
  return std::nullopt;
}

std::optional<std::int64_t> Element::integer() const {
  if (holds(BsonType::int64)) return static_cast<std::int64_t>(little_endian_64(value));
  if (holds(BsonType::int32)) return static_cast<std::int32_t>(little_endian_32(value));
  if (!holds(BsonType::number_double)) return std::nullopt;
  const auto number = std::bit_cast<double>(little_endian_64(value));
  if (!is_whole(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<Timestamp> Element::timestamp() const {
  if (!holds(BsonType::timestamp)) return std::nullopt;
  return Timestamp{little_endian_32(value.subspan(4)), little_endian_32(value)};
}

bool Element::is_true() const {
  if (holds(BsonType::boolean)) return value[0] != 0;
  const auto as_number = number();
  return as_number && *as_number != 0;
}

DocumentView::Iterator::Iterator(ByteView elements) : rest_(elements) { ++*this; }

DocumentView::Iterator& DocumentView::Iterator::operator++() {
  const auto next = next_element(rest_);
  at_end_ = !next;
  if (next) {
    element_ = *next;
    rest_ = rest_.subspan(next->whole.size());
  }
  return *this;
}

DocumentView::DocumentView() : bytes_(kEmptyDocument) {}

DocumentView::Iterator DocumentView::begin() const {
  return Iterator(bytes_.subspan(4, bytes_.size() - kMinDocument));
}

std::optional<Element> DocumentView::find(std::string_view key) const {
  for (const auto& element : *this)
    if (element.key == key) return element;
  return std::nullopt;
}

std::optional<DocumentView> DocumentView::document_at(std::string_view key) const {
  const auto found = find(key);
  return found ? found->document() : std::nullopt;
}

std::optional<std::string_view> DocumentView::text_at(std::string_view key) const {
  const auto found = find(key);
  return found ? found->text() : std::nullopt;
}

bool DocumentView::is_true_at(std::string_view key) const {
  const auto found = find(key);
  return found && found->is_true();
}

DocumentView view_document(ByteView checked) {
  const auto view = DocumentView::check(checked);
  return view ? *view : DocumentView();
}

Bytes filter_of_id(DocumentView document) {
  const auto id = document.find("_id");
  return id ? DocumentBuilder().element(*id).take() : Bytes{};
}

DocumentBuilder::DocumentBuilder() : bytes_(4) {}

DocumentBuilder& DocumentBuilder::element(const Element& verbatim) {
  append(bytes_, verbatim.whole);
  return *this;
}

DocumentBuilder& DocumentBuilder::element(std::string_view key, const Element& renamed) {
  return put(renamed.type, key, renamed.value);
}

DocumentBuilder& DocumentBuilder::text(std::string_view key, std::string_view value) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(value.size() + 1)).raw(value).u8(0);
  return put(BsonType::string, key, writer.bytes());
}

DocumentBuilder& DocumentBuilder::number(std::string_view key, double value) {
  return put_64(BsonType::number_double, key, std::bit_cast<std::uint64_t>(value));
}

DocumentBuilder& DocumentBuilder::int32(std::string_view key, std::int32_t value) {
  ByteWriter writer;
  return put(BsonType::int32, key, writer.u32(static_cast<std::uint32_t>(value)).bytes());
}

DocumentBuilder& DocumentBuilder::int64(std::string_view key, std::int64_t value) {
  return put_64(BsonType::int64, key, static_cast<std::uint64_t>(value));
}

DocumentBuilder& DocumentBuilder::boolean(std::string_view key, bool value) {
  const std::uint8_t byte = value ? 1 : 0;
  return put(BsonType::boolean, key, ByteView(&byte, 1));
}

DocumentBuilder& DocumentBuilder::null(std::string_view key) {
  return put(BsonType::null, key, {});
}

DocumentBuilder& DocumentBuilder::binary(std::string_view key, ByteView value) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(value.size())).u8(0).raw(value);
  return put(BsonType::binary, key, writer.bytes());
}

DocumentBuilder& DocumentBuilder::timestamp(std::string_view key, Timestamp value) {
  const auto high = static_cast<std::uint64_t>(value.seconds) << 32U;
  return put_64(BsonType::timestamp, key, high | value.increment);
}

DocumentBuilder& DocumentBuilder::document(std::string_view key, ByteView value) {
  return put(BsonType::document, key, value);
}

DocumentBuilder& DocumentBuilder::array(std::string_view key, ByteView value) {
  return put(BsonType::array, key, value);
}

Bytes DocumentBuilder::take() {
  bytes_.push_back(0);
  auto taken = with_length(std::move(bytes_));
  bytes_ = Bytes(4);
  return taken;
}

DocumentBuilder& DocumentBuilder::put(BsonType type, std::string_view key, ByteView value) {
  bytes_.push_back(static_cast<std::uint8_t>(type));
  append(bytes_, view_of(key));
  bytes_.push_back(0);
  append(bytes_, value);
  return *this;
}

DocumentBuilder& DocumentBuilder::put_64(BsonType type, std::string_view key, std::uint64_t bits) {
  ByteWriter writer;
  return put(type, key, writer.u64(bits).bytes());
}

ArrayBuilder& ArrayBuilder::element(const Element& value) {
  builder_.element(next_key(), value);
  return *this;
}

ArrayBuilder& ArrayBuilder::document(ByteView value) {
  builder_.document(next_key(), value);
  return *this;
}

ArrayBuilder& ArrayBuilder::null() {
  builder_.null(next_key());
  return *this;
}

ArrayBuilder& ArrayBuilder::text(std::string_view value) {
  builder_.text(next_key(), value);
  return *this;
}

Bytes ArrayBuilder::take() {
  count_ = 0;
  return builder_.take();
}

}  // namespace lifeboat::engine::mongodb
