#include "engine/mongodb/extended_json.h"

#include <bson/bson.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "engine/mongodb/bson_layout.h"
#include "engine/mongodb/json_reader.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kEscape = "$lifeboat";
constexpr std::string_view kEscapedBson = "bson";

struct FreeText {
  void operator()(char* text) const { bson_free(text); }
};
// libbson's document has an alignment of its own, which std::unique_ptr would drop.
class ParsedJson {
 public:
  explicit ParsedJson(std::string_view text)
      : document_(bson_new_from_json(reinterpret_cast<const std::uint8_t*>(text.data()),
                                     static_cast<ssize_t>(text.size()), &error_)) {}
  ParsedJson(const ParsedJson&) = delete;
  ParsedJson& operator=(const ParsedJson&) = delete;
  ~ParsedJson() { bson_destroy(document_); }

  Result<Bytes> bytes() const {
    if (document_ == nullptr)
      return fail(Code::corrupt, fmt::format("not Extended JSON: {}", error_.message));
    return to_bytes(ByteView(bson_get_data(document_), document_->len));
  }

 private:
  bson_error_t error_{};
  bson_t* document_;
};

using WriteJson = char* (*)(const bson_t*, std::size_t*);

// Nothing where libbson cannot write it: text that is not UTF-8.
std::optional<std::string> text_by(WriteJson write, DocumentView document, JsonLayout layout) {
  bson_t view;
  if (!bson_init_static(&view, document.bytes().data(), document.bytes().size()))
    return std::nullopt;
  std::size_t length = 0;
  const std::unique_ptr<char, FreeText> text(write(&view, &length));
  if (text == nullptr) return std::nullopt;
  return lay_out({text.get(), length}, layout);
}

std::string escaped_text(DocumentView document, JsonLayout layout) {
  return lay_out(
      fmt::format(R"({{"{}":{{"{}":"{}"}}}})", kEscape, kEscapedBson, to_base64(document.bytes())),
      layout);
}

std::optional<Element> only_element(DocumentView document, std::string_view key) {
  const auto first = document.begin();
  if (first == document.end() || first->key != key) return std::nullopt;
  if (document.bytes().size() != kMinDocument + first->whole.size()) return std::nullopt;
  return *first;
}

// What an escape holds; nothing for a document that is none.
std::optional<std::string_view> escaped_base64(DocumentView document) {
  const auto escape = only_element(document, kEscape);
  if (!escape) return std::nullopt;
  const auto content = only_element(escape->inside(), kEscapedBson);
  return content ? content->text() : std::nullopt;
}

// libbson stops at the end of the first document; what follows must not be lost in silence.
Result<void> check_frame(std::string_view text) {
  if (!is_utf8(text)) return fail(Code::corrupt, "not Extended JSON: the text is not UTF-8");
  JsonReader reader;
  TRY(reader.feed(view_of(text), [](std::string_view) { return Result<void>(); }));
  TRY(reader.finish());
  if (reader.documents() != 1)
    return fail(Code::corrupt,
                fmt::format("not Extended JSON: {} documents instead of one", reader.documents()));
  return {};
}

Failure refuse_lossy(DocumentView document, const Result<Bytes>& back) {
  const auto view = back ? DocumentView::check(*back) : Result<DocumentView>(DocumentView());
  const auto field = view ? first_difference(document, *view) : std::string();
  const auto reason =
      back ? fmt::format("the round trip changed the field \"{}\"", field) : back.error().message();
  return fail(Error(Code::incomplete, "Extended JSON cannot carry this document: " + reason)
                  .with_hint("ask for such documents to be escaped, or export as BSON"));
}

// What came back, or why nothing did.
Result<Bytes> round_trip(const std::optional<std::string>& text) {
  if (!text) return fail(Code::corrupt, "a text in it is not UTF-8");
  return from_extended_json(*text);
}

bool same_bytes(ByteView left, ByteView right) { return std::ranges::equal(left, right); }

bool is_integer(const Element& element) {
  return element.holds(BsonType::int32) || element.holds(BsonType::int64);
}

bool same_but_for_width(DocumentView left, DocumentView right);

bool same_but_for_width(const Element& left, const Element& right) {
  if (left.key != right.key) return false;
  if (is_integer(left) && is_integer(right)) return left.integer() == right.integer();
  if (left.type != right.type) return false;
  if (left.document()) return same_but_for_width(left.inside(), right.inside());
  return same_bytes(left.value, right.value);
}

bool same_but_for_width(DocumentView left, DocumentView right) {
  auto one = left.begin();
  auto other = right.begin();
  while (!(one == left.end()) && !(other == right.end()) && same_but_for_width(*one, *other)) {
    ++one;
    ++other;
  }
  return one == left.end() && other == right.end();
}

std::string below(const Element& element, const std::string& rest) {
  return rest.empty() ? std::string(element.key) : fmt::format("{}.{}", element.key, rest);
}

}  // namespace

Result<JsonText> to_extended_json(DocumentView document, Lossy lossy, JsonLayout layout) {
  auto text = text_by(bson_as_canonical_extended_json, document, layout);
  const auto back = round_trip(text);
  if (back && same_bytes(*back, document.bytes())) return JsonText{std::move(*text), false};
  if (lossy == Lossy::refused) return refuse_lossy(document, back);
  return JsonText{escaped_text(document, layout), true};
}

Result<JsonText> to_plain_json(DocumentView document, Lossy lossy) {
  auto text = text_by(bson_as_relaxed_extended_json, document, JsonLayout::line);
  const auto back = round_trip(text);
  const auto view = back ? DocumentView::check(*back) : Result<DocumentView>(DocumentView());
  if (back && view && same_but_for_width(document, *view)) return JsonText{std::move(*text), false};
  return to_extended_json(document, lossy);
}

Result<Bytes> from_extended_json(std::string_view text) {
  return std::move(TRY(read_extended_json(text)).bytes);
}

Result<JsonDocument> read_extended_json(std::string_view text) {
  TRY(check_frame(text));
  auto document = TRY(ParsedJson(text).bytes());
  const auto view = TRY(DocumentView::check(document));
  if (!escaped_base64(view)) return JsonDocument{std::move(document), false};
  return JsonDocument{TRY(unescaped(view)), true};
}

Result<Bytes> unescaped(DocumentView document) {
  const auto base64 = escaped_base64(document);
  if (!base64) return to_bytes(document.bytes());
  auto escaped = TRY_CONTEXT("an escaped document", from_base64(*base64));
  TRY_CONTEXT("an escaped document", DocumentView::check(escaped));
  return escaped;
}

Bytes escape_document(DocumentView document) {
  DocumentBuilder content;
  content.text(kEscapedBson, to_base64(document.bytes()));
  return DocumentBuilder().document(kEscape, content.take()).take();
}

std::string decimal_text(const Element& decimal) {
  bson_decimal128_t number;
  number.low = little_endian_64(decimal.value);
  number.high = little_endian_64(decimal.value.subspan(8));
  std::array<char, BSON_DECIMAL128_STRING> text{};
  bson_decimal128_to_string(&number, text.data());
  return text.data();
}

std::string first_difference(DocumentView left, DocumentView right) {
  auto one = left.begin();
  auto other = right.begin();
  while (!(one == left.end()) && !(other == right.end()) && same_bytes(one->whole, other->whole)) {
    ++one;
    ++other;
  }
  if (one == left.end()) return other == right.end() ? "" : std::string(other->key);
  if (other == right.end() || one->key != other->key || one->type != other->type)
    return std::string(one->key);
  const bool inside = one->document() && other->document();
  return inside ? below(*one, first_difference(one->inside(), other->inside()))
                : std::string(one->key);
}

}  // namespace lifeboat::engine::mongodb
