#include "engine/files/exclude.h"

#include <optional>

namespace lifeboat::engine::files {
namespace {

constexpr std::string_view kAnyDepth = "**";
constexpr std::size_t kMaxPatternSize = 4096;

// The end of the set that begins at `at` ('['), one past its ']'; npos when it is not closed.
std::size_t end_of_set(std::string_view pattern, std::size_t at) {
  ++at;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  // A ']' in the first place is one of the set.
  for (bool first = true; at < pattern.size(); ++at, first = false) {
    if (pattern[at] == ']' && !first) return at + 1;
    if (pattern[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

unsigned char take_member(std::string_view& set) {
  if (set.front() == '\\' && set.size() > 1) set.remove_prefix(1);
  const auto member = static_cast<unsigned char>(set.front());
  set.remove_prefix(1);
  return member;
}

// `set` is what stands between the brackets.
bool set_holds(std::string_view set, unsigned char byte) {
  const bool negated = !set.empty() && (set.front() == '!' || set.front() == '^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  while (!set.empty()) {
    const auto low = take_member(set);
    auto high = low;
    if (set.size() > 1 && set.front() == '-') {
      set.remove_prefix(1);
      high = take_member(set);
    }
    found = found || (low <= byte && byte <= high);
  }
  return found != negated;
}

// Matches one thing of the pattern that takes exactly one byte; returns how long that thing is, 0
// for no.
std::size_t match_one(std::string_view pattern, char byte) {
  switch (pattern.front()) {
    case '?':
      return 1;
    case '[': {
      const auto end = end_of_set(pattern, 0);
      const auto set = pattern.substr(1, end - 2);
      return set_holds(set, static_cast<unsigned char>(byte)) ? end : 0;
    }
    case '\\':
      return pattern[1] == byte ? 2 : 0;
    default:
      return pattern.front() == byte ? 1 : 0;
  }
}

using Parts = std::vector<std::string>;

std::string_view take_name(std::string_view& path) {
  const auto end = path.find('/');
  const auto name = path.substr(0, end);
  path = end == path.npos ? std::string_view() : path.substr(end + 1);
  return name;
}

// Only the last "**" is ever gone back to, so the work stays at most parts × names.
bool matches_path(const Parts& parts, std::string_view path) {
  std::size_t at = 0;
  std::optional<std::size_t> retry_part;
  std::string_view retry_path;
  for (;;) {
    if (at < parts.size() && parts[at] == kAnyDepth) {
      retry_part = ++at;
      retry_path = path;
      // A trailing "**" means everything inside, not the folder itself.
      if (at == parts.size()) return !path.empty();
      continue;
    }
    if (path.empty() && at == parts.size()) return true;
    auto rest = path;
    if (at < parts.size() && !path.empty() && matches_name(parts[at], take_name(rest))) {
      path = rest;
      ++at;
      continue;
    }
    if (!retry_part || retry_path.empty()) return false;
    take_name(retry_path);
    path = retry_path;
    at = *retry_part;
  }
}

// The pattern with a broken end would be read past it: so it is refused here, once.
bool is_whole(std::string_view part) {
  for (std::size_t at = 0; at < part.size();) {
    if (part[at] == '\\') {
      if (at + 1 == part.size()) return false;
      at += 2;
    } else if (part[at] == '[') {
      at = end_of_set(part, at);
      if (at == part.npos || at > part.size()) return false;
    } else {
      ++at;
    }
  }
  return true;
}

}  // namespace

bool matches_name(std::string_view pattern, std::string_view name) {
  std::optional<std::string_view> retry_pattern;
  std::string_view retry_name;
  for (;;) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      retry_pattern = pattern;
      retry_name = name;
      continue;
    }
    if (pattern.empty() && name.empty()) return true;
    const auto taken = pattern.empty() || name.empty() ? 0 : match_one(pattern, name.front());
    if (taken > 0) {
      pattern.remove_prefix(taken);
      name.remove_prefix(1);
      continue;
    }
    if (!retry_pattern || retry_name.empty()) return false;
    retry_name.remove_prefix(1);
    name = retry_name;
    pattern = *retry_pattern;
  }
}

Result<ExcludeRules> ExcludeRules::compile(const std::vector<std::string>& patterns) {
  ExcludeRules rules;
  for (const auto& pattern : patterns) rules.rules_.push_back(TRY(compile_one(pattern)));
  return rules;
}

Result<ExcludeRules::Rule> ExcludeRules::compile_one(std::string_view pattern) {
  const std::string whole(pattern);
  if (pattern.size() > kMaxPatternSize)
    return fail(Code::config_invalid, "an exclude pattern is longer than 4096 bytes");
  Rule rule;
  if (pattern.starts_with('!')) {
    rule.take_back = true;
    pattern.remove_prefix(1);
  }
  if (pattern.ends_with('/')) {
    rule.folders_only = true;
    pattern.remove_suffix(1);
  }
  const bool anchored = pattern.find('/') != pattern.npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  rule.parts = TRY(split(pattern, whole));
  if (!anchored) rule.parts.insert(rule.parts.begin(), std::string(kAnyDepth));
  return rule;
}

Result<std::vector<std::string>> ExcludeRules::split(std::string_view rest,
                                                     const std::string& whole) {
  std::vector<std::string> parts;
  const auto total = rest.size();
  if (total == 0)
    return fail(Code::config_invalid, "an exclude pattern that names nothing: \"" + whole + "\"");
  while (!rest.empty()) {
    const auto part = take_name(rest);
    if (part.empty() || part == "." || part == ".." || !is_whole(part))
      return fail(Code::config_invalid, "an exclude pattern that cannot match: \"" + whole + "\"");
    if (part == kAnyDepth && !parts.empty() && parts.back() == kAnyDepth) continue;
    parts.emplace_back(part);
  }
  return parts;
}

bool ExcludeRules::excludes(std::string_view path, bool is_folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !is_folder) continue;
    if (matches_path(rule->parts, path)) return !rule->take_back;
  }
  return false;
}

bool ExcludeRules::leaves_out(std::string_view path, bool is_folder) const {
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
    if (excludes(path.substr(0, slash), true)) return true;
  return excludes(path, is_folder);
}

}  // namespace lifeboat::engine::files
