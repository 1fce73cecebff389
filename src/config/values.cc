#include "config/values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/clock.h"

namespace lifeboat::config {
namespace {

constexpr unsigned kMostCount = 999'999;

Failure not_a(std::string_view text, std::string_view what, std::string hint) {
  return fail(Error(Code::config_invalid, fmt::format("\"{}\" is not {}", text, what))
                  .with_hint(std::move(hint)));
}

Result<void> check_choice(const Row& row, std::string_view text) {
  const auto choices = split_choices(row.choices);
  for (const auto choice : choices)
    if (choice == text) return {};
  const auto known = fmt::format("one of: {}", fmt::join(choices, ", "));
  for (const auto planned : split_choices(row.planned_choices))
    if (planned == text)
      return fail(Error(Code::config_invalid, fmt::format("\"{}\" is not in this version", text))
                      .with_hint(known));
  return not_a(text, "known here", known);
}

Result<void> check_positive_duration(std::string_view text) {
  if (TRY(parse_duration(text)) > Duration(0)) return {};
  return not_a(text, "more than nothing", "write a duration such as 24h");
}

// The zone itself is looked up when a time is read; here only what could never be one is refused.
// Its form; what the fields may hold is policy::Schedule's to say.
Result<void> check_schedule(std::string_view text) {
  const auto fields = 1 + std::ranges::count(text, ' ');
  if (text.starts_with('@') ? fields == 1 : fields >= 5) return {};
  return not_a(text, "a schedule", "write five fields such as \"0 3 * * *\", or @daily");
}

Result<void> check_time_zone(std::string_view text) {
  for (const char letter : text) {
    const bool fine =
        is_name(std::string_view(&letter, 1)) || letter == '/' || letter == '+' || letter == '-';
    if (!fine) return not_a(text, "a time zone", "write one such as Europe/Berlin or UTC");
  }
  return {};
}

Result<void> check_path(std::string_view text) {
  if (!text.starts_with("~")) return {};
  return not_a(text, "a path here", "~ is not expanded: write the whole path");
}

Result<void> check_url(std::string_view text) {
  TRY(check_path(text));
  const auto scheme_end = text.find("://");
  const auto scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || scheme == "file") return {};
  if (scheme == "s3" || scheme == "sftp")
    return fail(Error(Code::config_invalid, fmt::format("\"{}://\" is not in this version", scheme))
                    .with_hint("a repository is a directory: /path or file:///path"));
  return not_a(text, "where a repository can be", "write /path or file:///path");
}

template <class T>
Result<void> only_check(const Result<T>& parsed) {
  if (!parsed) return fail(parsed.error());
  return {};
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] == '-') return false;
  for (const char letter : text) {
    const bool fine = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
    if (!fine) return false;
  }
  return true;
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return not_a(text, "true or false", "write true or false");
}

Result<unsigned> parse_count(std::string_view text) {
  unsigned value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stopped == end && value >= 1 && value <= kMostCount) return value;
  return not_a(text, "a whole number from 1 to 999999", "leave the key out for no such rule");
}

Result<std::pair<std::string, std::string>> parse_table(std::string_view text) {
  const auto dot = text.find('.');
  if (dot != std::string_view::npos && dot + 1 < text.size() && is_name(text.substr(0, dot)))
    return std::pair(std::string(text.substr(0, dot)), std::string(text.substr(dot + 1)));
  return not_a(text, "a source and a table", "write SOURCE.TABLE, such as db.images");
}

Result<drill::Expectation> parse_expectation(std::string_view text) {
  using drill::Relation;
  static constexpr std::array<std::pair<std::string_view, Relation>, 7> kRelations{
      {{"==", Relation::equal},
       {"!=", Relation::not_equal},
       {"<=", Relation::less_or_equal},
       {">=", Relation::greater_or_equal},
       {"=", Relation::equal},
       {"<", Relation::less},
       {">", Relation::greater}}};
  drill::Expectation expectation;
  expectation.text = text;
  auto rest = text;
  for (const auto& [sign, relation] : kRelations) {
    if (!text.starts_with(sign)) continue;
    expectation.relation = relation;
    rest = text.substr(sign.size());
    break;
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  expectation.operand = rest;
  if (rest.empty()) return not_a(text, "a comparison", "write one such as \">= 100\" or \"== 0\"");
  return expectation;
}

Result<void> check_value(const Row& row, std::string_view text) {
  if (text.empty())
    return fail(
        Error(Code::config_invalid, "an empty text").with_hint("leave the key out instead"));
  switch (row.type) {
    case Type::rate:
      return only_check(parse_size(text));
    case Type::count:
      return only_check(parse_count(text));
    case Type::flag:
      return only_check(parse_flag(text));
    case Type::duration:
      return check_positive_duration(text);
    case Type::choice:
      return check_choice(row, text);
    case Type::table:
      return only_check(parse_table(text));
    case Type::expectation:
      return only_check(parse_expectation(text));
    case Type::time_zone:
      return check_time_zone(text);
    case Type::schedule:
      return check_schedule(text);
    case Type::path:
      return check_path(text);
    case Type::url:
      return check_url(text);
    default:
      return {};
  }
}

}  // namespace lifeboat::config
