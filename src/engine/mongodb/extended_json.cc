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

// Nothing where libbson cannot write it: text that is not UTF-8.
std::optional<std::string> canonical_text(DocumentView document) {
  bson_t view;
  if (!bson_init_static(&view, document.bytes().data(), document.bytes().size()))
    return std::nullopt;
  std::size_t length = 0;
  const std::unique_ptr<char, FreeText> text(bson_as_canonical_extended_json(&view, &length));
  if (text == nullptr) return std::nullopt;
  return std::string(text.get(), length);
}

std::string escaped_text(DocumentView document) {
  return fmt::format(R"({{"{}":{{"{}":"{}"}}}})", kEscape, kEscapedBson,
                     to_base64(document.bytes()));
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

std::string below(const Element& element, const std::string& rest) {
  return rest.empty() ? std::string(element.key) : fmt::format("{}.{}", element.key, rest);
}

}  // namespace

Result<JsonText> to_extended_json(DocumentView document, Lossy lossy) {
  auto text = canonical_text(document);
  const auto back = round_trip(text);
  if (back && same_bytes(*back, document.bytes())) return JsonText{std::move(*text), false};
  if (lossy == Lossy::refused) return refuse_lossy(document, back);
  return JsonText{escaped_text(document), true};
}

Result<Bytes> from_extended_json(std::string_view text) {
  TRY(check_frame(text));
  auto document = TRY(ParsedJson(text).bytes());
  const auto view = TRY(DocumentView::check(document));
  const auto base64 = escaped_base64(view);
  if (!base64) return document;
  auto escaped = TRY_CONTEXT("an escaped document", from_base64(*base64));
  TRY_CONTEXT("an escaped document", DocumentView::check(escaped));
  return escaped;
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
