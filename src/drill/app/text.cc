#include "drill/app/text.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/text.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kQuoted = 200;

using Escape = std::function<std::string(const std::string&)>;

bool is_name(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kPrefixes{"sandbox.", "capture."};
  for (const auto prefix : kPrefixes)
    if (name.starts_with(prefix)) return true;
  return false;
}

// A dollar that begins none of our names stays: it may be the shell's.
Result<std::string> fill(std::string_view text, const Names& names, const Escape& escape) {
  std::string result;
  while (!text.empty()) {
    const auto begin = std::min(text.find("${"), text.size());
    result += text.substr(0, begin);
    text.remove_prefix(begin);
    const auto end = text.find('}');
    if (text.empty()) break;
    const auto name = end == std::string_view::npos ? text.substr(2) : text.substr(2, end - 2);
    if (end == std::string_view::npos || !is_name(name)) {
      result += text.substr(0, 2);
      text.remove_prefix(2);
      continue;
    }
    const auto found = names.find(std::string(name));
    if (found == names.end())
      return fail(Code::not_found, "there is no ${" + std::string(name) + "}");
    result += escape(found->second);
    text.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace

Result<std::string> fill_in(const std::string& text, const Names& names) {
  return fill(text, names, [](const std::string& value) { return value; });
}

Result<Json> fill_in_json(const Json& value, const Names& names) {
  if (value.is_string()) return Json(TRY(fill_in(value.get<std::string>(), names)));
  if (!value.is_structured()) return value;
  Json result = value;
  for (auto& each : result) each = TRY(fill_in_json(Json(each), names));
  return result;
}

Result<std::string> fill_in_path(const std::string& text, const Names& names) {
  return fill(text, names, [](const std::string& value) { return percent_encoded(value); });
}

std::string quotable(std::string text, const std::vector<std::string>& secrets) {
  text = without_secrets(std::move(text), secrets);
  for (char& letter : text)
    if (static_cast<unsigned char>(letter) < 0x20U) letter = ' ';
  if (text.size() <= kQuoted) return text;
  return text.substr(0, kQuoted) + "…";
}

}  // namespace lifeboat::drill
