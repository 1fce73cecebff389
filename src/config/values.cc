#include "config/values.h"

#include <fmt/format.h>

#include <regex.h>

#include <array>
#include <charconv>

#include "base/clock.h"
#include "base/json_value.h"

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

Result<void> check_pattern(std::string_view text) {
  regex_t compiled{};
  const int error = regcomp(&compiled, std::string(text).c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    regfree(&compiled);
    return {};
  }
  std::array<char, 200> words{};
  regerror(error, &compiled, words.data(), words.size());
  return not_a(text, "a regular expression", words.data());
}

// Below the top every text that reads like a number, true, false or null is that.
Json inner_json(const Node& node) {
  if (node.kind == Node::Kind::null) return nullptr;
  if (node.kind == Node::Kind::list) {
    Json list = Json::array();
    for (const auto& item : node.items) list.push_back(inner_json(item));
    return list;
  }
  if (node.kind == Node::Kind::map) {
    Json map = Json::object();
    for (const auto& member : node.members) map[member.key] = inner_json(member.value);
    return map;
  }
  const auto parsed = parse_json(node.text);
  return parsed && parsed->is_primitive() && !parsed->is_string() ? *parsed : Json(node.text);
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

Result<void> read_duration(const Place& place, Duration& into) {
  if (!place.absent()) into = TRY(parse_duration(place.text()));
  return {};
}

Result<int> parse_status(std::string_view text) {
  constexpr int kMost = 255;
  int value = -1;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stopped == end && value >= 0 && value <= kMost) return value;
  return not_a(text, "an exit status", "write a number from 0 to 255");
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

Result<double> parse_percent(std::string_view text) {
  constexpr double kHundred = 100;
  double value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const std::string_view rest(stopped, static_cast<std::size_t>(end - stopped));
  const bool fine = error == std::errc{} && (rest == "%" || rest == " %") && value <= kHundred;
  if (fine && value >= 0) return value / kHundred;
  return not_a(text, "a percentage", "write one such as 1% or 0.5%");
}

Result<sandbox::Destination> parse_destination(std::string_view text) {
  static constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
  sandbox::Destination destination;
  const auto colon = std::min(text.rfind(':'), text.size());
  destination.host = text.substr(0, colon);
  const auto port = parse_count(text.substr(std::min(colon + 1, text.size())));
  if (port && *port < 65536U) destination.port = static_cast<std::uint16_t>(*port);
  const bool named = destination.host.find_first_not_of(kLetters) == std::string::npos &&
                     destination.host.find_first_not_of("0123456789.") != std::string::npos;
  if (named && destination.port != 0) return destination;
  return not_a(text, "a host name and a port", "write one such as licences.example.org:443");
}

Result<Json> json_of(const Node& node) {
  if (node.kind != Node::Kind::scalar) return inner_json(node);
  auto parsed = parse_json(node.text);
  if (parsed) return std::move(*parsed);
  return not_a(node.text, "JSON", "write a map, a list, or JSON as a text");
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
    case Type::status:
      return only_check(parse_status(text));
    case Type::flag:
      return only_check(parse_flag(text));
    case Type::duration:
      return check_positive_duration(text);
    case Type::choice:
    case Type::choice_list:
      return check_choice(row, text);
    case Type::table:
      return only_check(parse_table(text));
    case Type::expectation:
      return only_check(parse_expectation(text));
    case Type::size:
      return only_check(parse_size(text));
    case Type::pattern:
      return check_pattern(text);
    case Type::percent:
      return only_check(parse_percent(text));
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
