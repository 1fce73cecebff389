#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

Failure wrong(std::string_view key, std::string_view what) {
  return fail(Code::corrupt, "\"" + std::string(key) + "\" is not " + std::string(what));
}

constexpr std::size_t kMaxFindingText = 64U << 10U;

}  // namespace

Result<bool> bool_at(const Json& object, std::string_view key) {
  const Json* value = TRY(member(object, key));
  if (!value->is_boolean()) return wrong(key, "true or false");
  return value->get<bool>();
}

Result<Time> time_at(const Json& object, std::string_view key) {
  const auto time = parse_rfc3339(TRY(text_at(object, key)));
  if (!time) return wrong(key, "a time");
  return *time;
}

Result<Bytes> hex_at(const Json& object, std::string_view key, std::size_t size) {
  const Json* value = TRY(member(object, key));
  if (!value->is_string()) return wrong(key, "a text");
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() != 2 * size) return wrong(key, "of the right length");
  return from_hex(text);
}

Result<std::uint64_t> count_at(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(TRY(number_at(object, key)));
}

Result<const Json*> array_at(const Json& object, std::string_view key, std::size_t limit) {
  const Json* value = TRY(member(object, key));
  if (!value->is_array()) return wrong(key, "a list");
  if (value->size() > limit) return wrong(key, "a list of a size it may have");
  return value;
}

Result<const Json*> object_at(const Json& object, std::string_view key) {
  const Json* value = TRY(member(object, key));
  if (!value->is_object()) return wrong(key, "an object");
  return value;
}

Result<std::vector<std::string>> texts_at(const Json& object, std::string_view key,
                                          std::size_t limit) {
  std::vector<std::string> texts;
  for (const auto& each : *TRY(array_at(object, key, limit))) {
    if (!each.is_string()) return wrong(key, "a list of texts");
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

Result<std::string> short_text_at(const Json& object, std::string_view key, std::size_t limit) {
  auto text = TRY(text_at(object, key));
  if (text.size() > limit) return wrong(key, "a text of a length it may have");
  return text;
}

Json to_json(const Finding& finding) {
  return {{"code", finding.code},
          {"subject", finding.subject},
          {"message", finding.message},
          {"incomplete", finding.incomplete}};
}

Result<Finding> finding_from(const Json& value) {
  return Finding{TRY(short_text_at(value, "code", kMaxFindingText)),
                 TRY(short_text_at(value, "subject", kMaxFindingText)),
                 TRY(short_text_at(value, "message", kMaxFindingText)),
                 TRY(bool_at(value, "incomplete"))};
}

}  // namespace lifeboat::repository
