#include "config/references_foreign.h"

#include <fmt/format.h>

#include <algorithm>

namespace lifeboat::config {
namespace {

std::string text_below(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? "" : found->text;
}

// Of MongoDB.
bool is_dump(const Node& source) {
  const auto format = text_below(source, "format");
  return format == "mongodump" || format == "jsonl";
}

// Keys that mean nothing beside another one.
void forbid(const Node& source, std::string_view key, std::string_view beside, Problems& problems) {
  const Node* found = source.find(key);
  if (found != nullptr && source.find(beside) != nullptr)
    problems.error(found->mark, fmt::format("\"{}\" means nothing beside \"{}\"", key, beside));
}

void check_restore_command(const Node& source, Problems& problems) {
  for (const auto* key : {"from", "pattern", "within", "unpacked"})
    forbid(source, key, "restore", problems);
  if (!is_dump(source)) forbid(source, "format", "restore", problems);
  const Node& command = *source.find("restore");
  auto text = command.text;
  for (auto at = text.find("${sandbox."); at != std::string::npos;
       at = text.find("${sandbox.", at + 1))
    if (!text.substr(at).starts_with("${sandbox.path}"))
      problems.error(command.mark, "only ${sandbox.path} is known here");
}

void check_place(const Node& source, Problems& problems) {
  for (const auto* key : {"from", "format"})
    if (source.find(key) == nullptr)
      problems.error(source.mark, fmt::format("\"{}\" is missing", key),
                     "a foreign source needs from: and format:, or restore:");
  for (const auto* key : {"environment", "timeout"})
    if (const Node* found = source.find(key))
      problems.error(found->mark, fmt::format("\"{}\" is for the command in \"restore\"", key));
  if (text_below(source, "format") != "sqlite") return;
  for (const auto* key : {"database", "folder"})
    if (const Node* found = source.find(key))
      problems.error(found->mark, fmt::format("\"{}\": the backup is one database", key));
}

// "MongoDB 7.0", as reports call a server.
bool is_server(std::string_view text) {
  const auto space = std::min(text.find(' '), text.size());
  const auto product = text.substr(0, space);
  const auto version = text.substr(std::min(space + 1, text.size()));
  return (product == "MongoDB" || product == "FerretDB") && !version.empty() &&
         version.find_first_not_of("0123456789.") == std::string_view::npos &&
         !version.starts_with('.');
}

void check_server(const Node& source, Problems& problems) {
  const Node* server = source.find("server");
  if (server == nullptr) return;
  if (!is_dump(source))
    problems.error(server->mark, "\"server\" is for the formats mongodump and jsonl");
  if (!is_server(server->text))
    problems.error(server->mark,
                   fmt::format("\"{}\" is no product and version of a server", server->text),
                   "such as MongoDB 7.0 or FerretDB 1.24");
}

}  // namespace

void check_foreign(const Node& source, Problems& problems) {
  if (text_below(source, "type") != "foreign") return;
  const auto database = text_below(source, "database");
  if (is_dump(source) && database.find_first_of("/*?[") != std::string::npos)
    problems.error(source.find("database")->mark,
                   fmt::format("\"{}\" is no name of a database", database),
                   "of a dump, database: is a name and no path");
  if (!is_dump(source)) forbid(source, "folder", "database", problems);
  check_server(source, problems);
  if (source.find("restore") != nullptr)
    check_restore_command(source, problems);
  else
    check_place(source, problems);
}

std::string kind_of_source(const Node& source) {
  const auto type = text_below(source, "type");
  if (type != "foreign") return type;
  if (is_dump(source)) return "mongodb";
  const bool database =
      source.find("database") != nullptr || text_below(source, "format") == "sqlite";
  return database ? "sqlite" : "files";
}

}  // namespace lifeboat::config
