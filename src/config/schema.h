#pragma once
// The one table of configuration keys: parser, messages, reference, JSON Schema and the template of
// `init` come from it. Immutable; thread-safe.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::config {

enum class Type : std::uint8_t {
  block,    // fixed keys
  names,    // names that the user gives, each with what "*" says
  list,     // items, each what "[]" says
  one_of,   // a block of which exactly one key is given
  text,     // any text
  literal,  // any text, without variables
  path,     // a path; a relative one begins at the configuration's directory
  url,      // where a repository is
  command,  // a command for /bin/sh
  secret,   // a reference to a secret
  rate,     // bytes per second
  count,    // a whole number from 1
  flag,     // true or false
  duration,
  choice,  // one of `choices`
  choice_list,
  name,  // the name of something else in the file
  name_list,
  text_list,
  time_zone,
  table,        // SOURCE.TABLE
  expectation,  // of a query's answer
  schedule,     // five fields of cron
  size,         // bytes
  pattern,      // a regular expression
  percent,
  json,     // any value; its texts may hold variables
  status,   // of a program that ended
  planned,  // known from the design, and an error: this version does not do it
};

struct TypeInfo {
  std::string_view name;     // for people: "duration"
  std::string_view form;     // "such as 90s, 15m, 24h, 2d or 1w"
  bool variables = false;    // ${VARIABLES} may stand in it
  std::string_view pattern;  // for the JSON Schema; empty = any text
};

struct Row {
  std::string_view path = {};  // "services.*.sources.*.path"; "" is the whole file
  Type type = Type::planned;
  std::string_view about = {};  // one sentence, Markdown
  bool required = false;
  std::string_view fallback = {};  // the default as one would write it
  std::string_view example = {};   // for the template of `init`
  std::string_view choices = {};   // "sqlite|files"
  std::string_view planned_choices = {};
  std::string_view only_for = {};  // of the sibling key `type`: "files" or "slack|webhook"
  std::string_view since = "0.1";

  // The last part of the path.
  std::string_view key() const;
};

const TypeInfo& info_of(Type type);
std::span<const Row> schema();
// Null when there is no such row.
const Row* find_row(std::string_view path);
// The rows directly below: "services.*.tz" is a child of "services.*".
std::vector<const Row*> children_of(const Row& row);
std::string child_path(const Row& row, std::string_view key);
// Whether a key of the row may stand beside this `type`.
bool is_for(const Row& row, std::string_view type);
// "a|b|c" as its parts.
std::vector<std::string_view> split_choices(std::string_view choices);

}  // namespace lifeboat::config
