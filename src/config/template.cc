#include "config/template.h"

#include <fmt/format.h>

#include <array>

namespace lifeboat::config {
namespace {

bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_lower(char letter) { return letter >= 'a' && letter <= 'z'; }

bool is_variable_name(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  for (const char letter : name)
    if (!is_upper(letter) && !is_digit(letter) && letter != '_') return false;
  return true;
}

bool is_env_name(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  for (const char letter : name)
    if (!is_upper(letter) && !is_lower(letter) && !is_digit(letter) && letter != '_') return false;
  return true;
}

// Filled while a drill is running, not here.
bool is_runtime_name(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kPrefixes{"sandbox.", "facts.", "capture."};
  for (const auto prefix : kPrefixes)
    if (name.starts_with(prefix) && name.size() > prefix.size()) return true;
  return false;
}

std::string_view trim(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r"), text.size());
  text.remove_prefix(begin);
  const auto end = text.find_last_not_of(" \t\r");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// Quotes around a value go; an unquoted value ends before " #".
std::string env_value(std::string_view text) {
  text = trim(text);
  const bool quoted = !text.empty() && (text[0] == '"' || text[0] == '\'');
  if (quoted) {
    const auto end = text.find(text[0], 1);
    if (end != std::string_view::npos) return std::string(text.substr(1, end - 1));
  }
  const auto comment = text.find(" #");
  return std::string(trim(text.substr(0, comment)));
}

Failure bad_form(const std::string& place, std::string_view body) {
  return fail(Error(Code::config_invalid, fmt::format("\"${{{}}}\" is not a variable", body))
                  .with_hint("Write ${UPPER_CASE} or ${UPPER_CASE:-default}; $$ is a plain dollar.")
                  .add_context(place));
}

}  // namespace

void Variables::add_env_file(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const auto name = trim(line.substr(0, equals));
    if (is_env_name(name)) env_file_[std::string(name)] = env_value(line.substr(equals + 1));
  }
}

std::optional<std::string_view> Variables::find(const std::string& name) const {
  for (const auto* from : {&environment_, &env_file_})
    if (const auto found = from->find(name); found != from->end()) return found->second;
  return std::nullopt;
}

Result<Template> Template::parse(std::string_view text, std::string place) {
  Template result;
  result.text_ = text;
  result.place_ = std::move(place);
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    result.add_literal(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (!text.empty()) TRY(result.take_dollar(text));
  }
  return result;
}

Result<void> Template::take_dollar(std::string_view& rest) {
  std::size_t taken = 1;
  if (rest.starts_with("${")) {
    const auto end = rest.find('}');
    const auto body = rest.substr(2, end == std::string_view::npos ? end : end - 2);
    if (end == std::string_view::npos) return bad_form(place_, body);
    TRY(add_braced(body));
    taken = end + 1;
  } else {
    add_literal("$");
    taken = rest.starts_with("$$") ? 2 : 1;
  }
  rest.remove_prefix(taken);
  return {};
}

Result<void> Template::add_braced(std::string_view body) {
  if (is_runtime_name(body)) {
    add_literal(fmt::format("${{{}}}", body));
    return {};
  }
  const auto split = body.find(":-");
  Part part{{}, std::string(body.substr(0, split)), {}};
  if (!is_variable_name(part.variable)) return bad_form(place_, body);
  if (split != std::string_view::npos) part.fallback = std::string(body.substr(split + 2));
  parts_.push_back(std::move(part));
  return {};
}

void Template::add_literal(std::string_view literal) {
  if (literal.empty()) return;
  if (parts_.empty() || !parts_.back().variable.empty()) parts_.emplace_back();
  parts_.back().literal += literal;
}

Result<std::string> Template::resolve(const Variables& variables) const {
  std::string value;
  std::string missing;
  for (const auto& part : parts_) {
    const auto found = part.variable.empty() ? std::nullopt : variables.find(part.variable);
    if (part.variable.empty())
      value += part.literal;
    else if (found && !(found->empty() && part.fallback))
      value += *found;
    else if (part.fallback)
      value += *part.fallback;
    else
      missing += (missing.empty() ? "" : ", ") + part.variable;
  }
  if (missing.empty()) return value;
  return fail(
      Error(Code::config_invalid, "not set in the environment: " + missing)
          .with_hint("Set it in the environment or in the file .env beside the configuration.")
          .add_context(place_));
}

std::vector<std::string> Template::values(const Variables& variables) const {
  std::vector<std::string> values;
  for (const auto& part : parts_) {
    if (part.variable.empty()) continue;
    if (const auto found = variables.find(part.variable); found) values.emplace_back(*found);
  }
  return values;
}

bool Template::has_variables() const {
  for (const auto& part : parts_)
    if (!part.variable.empty()) return true;
  return false;
}

bool Template::has_literal_text() const {
  for (const auto& part : parts_)
    if (!part.literal.empty() || (part.fallback && !part.fallback->empty())) return true;
  return false;
}

}  // namespace lifeboat::config
