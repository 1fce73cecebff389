#include "service/starter.h"

#include <fmt/format.h>

#include "config/portable.h"
#include "config/schema.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::service {
namespace {

// Always in quotes, for a path may hold anything; a dollar in it is a dollar.
std::string quoted(const std::string& text) { return config::yaml_quoted(config::escaped(text)); }

// What others wrote, for a comment: it must not end its line, and the file is in UTF-8.
std::string one_line(std::string text) {
  const bool all = engine::mongodb::is_utf8(text);
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20) letter = ' ';
    if (byte >= 0x80 && !all) letter = '?';
  }
  return text;
}

std::string example_of(std::string_view path) {
  return std::string(config::find_row(path)->example);
}

// "    # tz: Europe/Berlin" under a line that says what it is for.
std::string optional_key(std::size_t indent, std::string_view path) {
  const auto& row = *config::find_row(path);
  const std::string space(indent, ' ');
  return fmt::format("{}# {}\n{}# {}: {}\n", space, row.about, space, row.key(), row.example);
}

std::string source_line(const FoundSource& source) {
  auto line = fmt::format("      {}: {{type: {}, path: {}", source.name, source.type,
                          quoted(source.path.string()));
  std::string patterns;
  for (const auto& pattern : source.exclude)
    patterns += (patterns.empty() ? "" : ", ") + quoted(pattern);
  if (!patterns.empty()) line += fmt::format(", exclude: [{}]", patterns);
  return line + fmt::format("}}   # {}\n", one_line(source.reason));
}

std::string config_source(const Discovery& discovery, const std::filesystem::path& directory) {
  if (discovery.config_files.empty() || !engine::mongodb::is_utf8(directory.string())) return {};
  std::string patterns = "\"/*\"";
  for (const auto& name : discovery.config_files) patterns += ", " + quoted("!/" + name);
  return fmt::format(
      "      # The application's own configuration, which a restored service needs too (it may "
      "hold secrets; the\n"
      "      # repository is encrypted):\n"
      "      # config: {{type: files, path: {}, exclude: [{}]}}\n",
      quoted(directory.string()), patterns);
}

// Backups that a drill can take as they are.
std::string dumps_comment(const Discovery& discovery) {
  std::string text;
  std::size_t number = 0;
  const auto& servers = discovery.mongodb_servers;
  const auto server = servers.size() == 1 ? ", server: " + *servers.begin() : std::string();
  for (const auto& foreign : discovery.foreign) {
    if (!foreign.dumps) continue;
    const auto& dumps = *foreign.dumps;
    if (++number == 1)
      text +=
          "      # Backups that another tool makes: a drill can prove them as they are "
          "(docs/foreign.md).\n";
    text += fmt::format(
        "      # {}: {{type: foreign, format: {}, from: {}, pattern: {}, within: 26h{}}}\n",
        number == 1 ? "dump" : fmt::format("dump-{}", number), dumps.format,
        quoted(dumps.folder.string()), config::yaml_quoted(dumps.pattern), server);
  }
  return text;
}

std::string foreign_comment(const Discovery& discovery) {
  std::string text;
  for (const auto& foreign : discovery.foreign) {
    if (foreign.dumps) continue;
    if (text.empty()) text = "    # Also found, and not protected by this version:\n";
    text += one_line(fmt::format("    #   {}, {}", foreign.what, foreign.where)) + "\n";
  }
  return text;
}

const FoundSource* first_of(const Discovery& discovery, std::string_view type) {
  for (const auto& source : discovery.sources)
    if (source.type == type) return &source;
  return nullptr;
}

// Equality of everything restored is checked without any of these.
std::string drill_block(const Discovery& discovery) {
  const auto* database = first_of(discovery, "sqlite");
  const auto* folder = first_of(discovery, "files");
  std::string text =
      "    # A drill restores into a sandbox and checks that everything equals what was backed "
      "up.\n"
      "    drills:\n"
      "      weekly:\n"
      "        tier: full\n";
  if (database == nullptr) return text;
  text += "        # More questions that it could ask:\n        # checks:\n";
  if (folder != nullptr)
    text += fmt::format(
        "        #   - blobs: {{rows: {}.images, key: path, size: size, sha256: sha256, in: {}}}\n",
        database->name, folder->name);
  text += fmt::format(
      "        #   - query: {{name: users, source: {}, sql: \"SELECT count(*) FROM users\", "
      "expect: \">= 1\"}}\n"
      "        #   - freshness: {{source: {}, table: events, field: created_at, within: 24h}}\n",
      database->name, database->name);
  return text;
}

std::string repository_block(const StarterOptions& options) {
  return fmt::format(
      "repositories:\n"
      "  # Another disk is better than this one, and another building better still.\n"
      "  local:\n"
      "    url: {}\n"
      "    # Without the passphrase nothing can be restored: keep it somewhere else too.\n"
      "    key: {{passphrase: {}}}\n",
      quoted(options.repository), example_of("repositories.*.key.passphrase"));
}

}  // namespace

std::string starter_yaml(const Discovery& discovery, const StarterOptions& options) {
  std::string text =
      "# What Lifeboat protects, where it keeps it, and how it proves that it can be restored.\n"
      "# `lifeboat doctor` checks this file; docs/reference/configuration.md has every key.\n"
      "version: 1\n"
      "services:\n";
  text += fmt::format("  {}:\n", options.service);
  text += optional_key(4, "services.*.owner");
  text += optional_key(4, "services.*.objectives");
  text += "    sources:\n";
  for (const auto& source : discovery.sources) text += source_line(source);
  text += config_source(discovery, discovery.directory);
  text += dumps_comment(discovery);
  text += foreign_comment(discovery);
  text += "    repositories: [local]\n";
  text +=
      "    # What `lifeboat forget` keeps.\n    retention: " + example_of("services.*.retention") +
      "\n";
  text += optional_key(4, "services.*.hooks");
  text += drill_block(discovery);
  return text + repository_block(options);
}

std::string service_name_for(const std::filesystem::path& directory) {
  std::string name;
  for (const char letter : directory.filename().string())
    name += std::isalnum(static_cast<unsigned char>(letter)) != 0
                ? static_cast<char>(std::tolower(static_cast<unsigned char>(letter)))
                : '-';
  while (name.starts_with('-')) name.erase(0, 1);
  name = name.substr(0, 40);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "app" : name;
}

}  // namespace lifeboat::service
