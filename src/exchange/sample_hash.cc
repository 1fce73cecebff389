#include "exchange/sample_hash.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>

#include "engine/mongodb/bson_layout.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::exchange {
namespace {

using engine::mongodb::BsonType;
using engine::mongodb::DocumentView;
using engine::mongodb::Element;
using engine::mongodb::little_endian_32;
using engine::mongodb::little_endian_64;

constexpr std::int64_t kYearTenThousand = 253402300800000;  // in milliseconds
constexpr std::uint8_t kOldBinary = 2;

using Text = Result<std::string>;

std::uint32_t code_point(std::string_view character) {
  constexpr std::array<std::uint32_t, 5> kFirstBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  auto point = static_cast<unsigned char>(character[0]) & kFirstBits.at(character.size());
  for (const char c : character.substr(1))
    point = point << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  return point;
}

void put_escaped(std::string& to, std::uint32_t point) {
  if (point < 0x10000) {
    to += fmt::format("\\u{:04x}", point);
    return;
  }
  point -= 0x10000;
  to += fmt::format("\\u{:04x}\\u{:04x}", 0xd800U + (point >> 10U), 0xdc00U + (point & 0x3ffU));
}

void put_character(std::string& to, std::string_view character) {
  static const std::map<char, std::string_view> kShort{{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"},
                                                       {'\r', "\\r"}, {'\t', "\\t"},  {'\b', "\\b"},
                                                       {'\f', "\\f"}};
  const char first = character[0];
  const auto found = kShort.find(first);
  if (found != kShort.end())
    to += found->second;
  else if (first >= ' ' && first <= '~')
    to += first;
  else
    put_escaped(to, code_point(character));
}

Text quoted(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const auto length = engine::mongodb::utf8_length(text);
    if (length == 0) return fail(Code::corrupt, "a text is not UTF-8, which JSON cannot carry");
    put_character(json, text.substr(0, length));
    text.remove_prefix(length);
  }
  return json + '"';
}

// {"key": value}, value being JSON already.
std::string wrapped(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"{}": {}}})", key, value);
}

std::string wrapped_text(std::string_view key, std::string_view plain) {
  return wrapped(key, fmt::format("\"{}\"", plain));
}

std::string shortest(double number, std::chars_format format) {
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, format).ptr;
  return {text.data(), end};
}

// As Python's repr(): the shortest digits, with an exponent below 1e-4 and from 1e16 on.
std::string number_text(double number) {
  if (std::isnan(number)) return wrapped_text("$numberDouble", "NaN");
  if (std::isinf(number))
    return wrapped_text("$numberDouble", number > 0 ? "Infinity" : "-Infinity");
  const auto scientific = shortest(number, std::chars_format::scientific);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= 16) return scientific;
  const auto fixed = shortest(number, std::chars_format::fixed);
  return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

std::string date_text(const Element& element) {
  const auto ms = static_cast<std::int64_t>(little_endian_64(element.value));
  if (ms < 0 || ms >= kYearTenThousand)
    return wrapped("$date", wrapped_text("$numberLong", std::to_string(ms)));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms)));
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  const auto fraction = ms % 1000 == 0 ? std::string() : fmt::format(".{:03}", ms % 1000);
  return wrapped_text(
      "$date",
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count(), fraction));
}

// Of the old subtype 2 the content says its size once more, which drivers take off.
std::string binary_text(const Element& element) {
  const bool says_size_again = element.value[4] == kOldBinary && element.value.size() >= 9;
  const auto content = element.value.subspan(says_size_again ? 9 : 5);
  return wrapped("$binary", fmt::format(R"({{"base64": "{}", "subType": "{:02x}"}})",
                                        to_base64(content), element.value[4]));
}

std::string timestamp_text(const Element& element) {
  const auto timestamp = *element.timestamp();
  return wrapped("$timestamp",
                 fmt::format(R"({{"i": {}, "t": {}}})", timestamp.increment, timestamp.seconds));
}

std::string_view text_until_nul(ByteView bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}

Text regex_text(const Element& element) {
  const auto pattern = text_until_nul(element.value);
  const auto options = text_until_nul(element.value.subspan(pattern.size() + 1));
  return wrapped("$regularExpression", fmt::format(R"({{"options": {}, "pattern": {}}})",
                                                   TRY(quoted(options)), TRY(quoted(pattern))));
}

// The content of a string, code or symbol that begins here.
std::string_view sized_text_at(ByteView value) {
  return {reinterpret_cast<const char*>(value.data()) + 4, little_endian_32(value) - 1U};
}

Text array_text(const Element& element);

Text code_with_scope_text(const Element& element) {
  const auto scope = element.value.subspan(engine::mongodb::scope_offset(element.value));
  return fmt::format(R"({{"$code": {}, "$scope": {}}})",
                     TRY(quoted(sized_text_at(element.value.subspan(4)))),
                     TRY(python_json(engine::mongodb::view_document(scope))));
}

// json_util reads it as a reference.
Text pointer_text(const Element& element) {
  const auto name = sized_text_at(element.value);
  return fmt::format(R"({{"$id": {{"$oid": "{}"}}, "$ref": {}}})",
                     to_hex(element.value.subspan(element.value.size() - 12)), TRY(quoted(name)));
}

Text value_text(const Element& element) {
  switch (element.type) {
    case BsonType::number_double:
      return number_text(*element.number());
    case BsonType::int32:
    case BsonType::int64:
      return std::to_string(*element.integer());
    case BsonType::string:
    case BsonType::symbol:
      return quoted(sized_text_at(element.value));
    case BsonType::document:
      return python_json(element.inside());
    case BsonType::array:
      return array_text(element);
    case BsonType::boolean:
      return element.is_true() ? "true" : "false";
    case BsonType::null:
    case BsonType::undefined:
      return "null";
    case BsonType::binary:
      return binary_text(element);
    case BsonType::object_id:
      return wrapped_text("$oid", to_hex(element.value));
    case BsonType::date:
      return date_text(element);
    case BsonType::regex:
      return regex_text(element);
    case BsonType::db_pointer:
      return pointer_text(element);
    case BsonType::code:
      return wrapped("$code", TRY(quoted(sized_text_at(element.value))));
    case BsonType::code_with_scope:
      return code_with_scope_text(element);
    case BsonType::timestamp:
      return timestamp_text(element);
    case BsonType::decimal128:
      return wrapped_text("$numberDecimal", engine::mongodb::decimal_text(element));
    case BsonType::min_key:
      return wrapped("$minKey", "1");
    case BsonType::max_key:
      return wrapped("$maxKey", "1");
  }
  return fail(Code::corrupt, "an element of an unknown type");
}

Text array_text(const Element& element) {
  std::string json = "[";
  for (const auto& each : element.inside()) {
    if (json.size() > 1) json += ", ";
    json += TRY(value_text(each));
  }
  return json + "]";
}

}  // namespace

Result<std::string> python_json(DocumentView document) {
  std::map<std::string_view, Element> fields;
  for (const auto& element : document) fields[element.key] = element;
  std::string json = "{";
  for (const auto& [key, element] : fields) {
    if (json.size() > 1) json += ", ";
    json += TRY(quoted(key));
    json += ": ";
    json += TRY(value_text(element));
  }
  return json + "}";
}

Result<void> SampleHash::add(DocumentView document) {
  if (rest_ == 0) return {};
  --rest_;
  hash_.update(view_of(TRY(python_json(document))));
  return {};
}

Result<void> SampleHash::add_line(DocumentView document, bool escaped) {
  if (!escaped || rest_ == 0) return add(document);
  const auto escape = engine::mongodb::escape_document(document);
  return add(engine::mongodb::view_document(escape));
}

}  // namespace lifeboat::exchange
