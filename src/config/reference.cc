#include <fmt/format.h>

#include "config/generate.h"
#include "config/schema.h"

namespace lifeboat::config {
namespace {

constexpr std::string_view kIntroduction = R"(# The configuration file

<!-- Made from the table in src/config/schema.cc; `lifeboat doctor --reference` prints it. -->

`lifeboat.yaml` says what is protected, where snapshots are kept, and how restoring is
rehearsed. It is looked for in this order: `--config FILE`, `LIFEBOAT_CONFIG`,
`./lifeboat.yaml`, `/etc/lifeboat/lifeboat.yaml`. `lifeboat init` writes one; `lifeboat doctor`
checks it and reports every mistake at once, with line and column. For editors there is a [JSON
Schema](lifeboat.schema.json).

**Variables.** `${NAME}` and `${NAME:-default}` are taken from the environment, then from the
file `.env` beside the configuration; an empty variable counts as set, except that it gives way
to a default. `$$` is a plain dollar. They may stand where the table says so. Only the variables
that a command uses must be set: `restore`, `drill`, `snapshots` and `verify` need none of a
source's.

**Secrets** are references: `${NAME}`, `file:/run/secrets/name`, or `command:…` whose output is
the secret. One that stands in the file as plain text works, with a warning. Every snapshot
carries the configuration, secrets only as references.

**Names** (of services, sources, drills, repositories and notifiers) have letters, digits, `-` and
`_`. Relative paths begin at the directory of the configuration file. A key that is not in the
table is an error.
)";

// "services.*.sources.*" as people write it: services.NAME.sources.NAME
std::string readable(std::string_view path) {
  std::string text;
  for (const char letter : path)
    text += letter == '*' ? std::string("NAME") : std::string(1, letter);
  return text;
}

// "`a` or `b`"
std::string words(std::string_view choices, std::string_view between) {
  std::string text;
  for (const auto choice : split_choices(choices))
    text += (text.empty() ? "`" : std::string(between) + "`") + std::string(choice) + "`";
  return text;
}

std::string form_of(const Row& row) {
  if (row.type == Type::choice) return words(row.choices, " or ");
  if (row.type == Type::choice_list) return "a list of " + words(row.choices, ", ");
  return std::string(info_of(row.type).form);
}

std::string need_of(const Row& row) {
  if (row.required) return "required";
  return row.fallback.empty() ? "optional" : fmt::format("default: {}", row.fallback);
}

std::string table_row(const Row& row) {
  auto about = std::string(row.about);
  if (!row.only_for.empty())
    about += fmt::format(" Only for type {}.", words(row.only_for, " or "));
  if (info_of(row.type).variables) about += " Variables: yes.";
  return fmt::format("| `{}` | {} | {} | {} |\n", row.key(), form_of(row), need_of(row), about);
}

std::string section(const Row& row) {
  auto text = row.path.empty() ? std::string("\n## The file\n")
                               : fmt::format("\n## `{}`\n\n{}\n", readable(row.path), row.about);
  if (!row.example.empty()) text += fmt::format("\nExample: `{}`\n", row.example);
  text += "\n| key | value | | meaning |\n|---|---|---|---|\n";
  for (const auto* child : children_of(row))
    if (child->type != Type::planned) text += table_row(*child);
  return text;
}

std::string planned_section() {
  std::string text =
      "\n## Not in this version\n\nThese keys belong to the design. Using one is an error, because "
      "what it promises would "
      "not be done:\n";
  const char* separator = "\n";
  for (const auto& row : schema()) {
    if (row.type != Type::planned) continue;
    text += fmt::format("{}`{}`", separator, readable(row.path));
    separator = ",\n";
  }
  return text + ".\n";
}

}  // namespace

std::string reference_markdown() {
  std::string text(kIntroduction);
  for (const auto& row : schema())
    if (row.type == Type::block || row.type == Type::one_of) text += section(row);
  return text + planned_section();
}

}  // namespace lifeboat::config
