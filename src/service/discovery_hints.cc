#include "service/discovery_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/file.h"
#include "config/template.h"
#include "config/yaml.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::service {
namespace {

using std::filesystem::path;

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::size_t kMostScripts = 200;
constexpr std::size_t kMostForeign = 20;

constexpr std::array<const char*, 12> kPathVariables{
    "DATABASE",    "DATABASE_PATH", "DB_PATH",      "DB_FILE",     "SQLITE_PATH", "SQLITE_FILE",
    "UPLOADS_DIR", "UPLOAD_DIR",    "UPLOADS_PATH", "UPLOAD_PATH", "MEDIA_ROOT",  "STORAGE_PATH"};
constexpr std::array<const char*, 8> kUrlVariables{"DATABASE_URL", "DB_URL",      "DATABASE_URI",
                                                   "MONGO_URI",    "MONGODB_URI", "MONGO_URL",
                                                   "POSTGRES_URL", "MYSQL_URL"};

std::optional<std::string> read_text(const path& file) {
  auto bytes = read_file(file, kMostBytes);
  if (!bytes) return std::nullopt;
  return to_text(*bytes);
}

// "sqlite:///abs", "sqlite:rel", "file:./dev.db?mode=rwc" and "sqlite3://…" name files.
std::optional<path> sqlite_path(std::string url) {
  for (const std::string_view scheme : {"sqlite:", "sqlite3:", "file:"}) {
    if (!url.starts_with(scheme)) continue;
    url.erase(0, scheme.size());
    if (url.starts_with("//"))
      url.erase(0, url.starts_with("////") ? 3 : url.starts_with("///") ? 2 : 2);
    url = url.substr(0, url.find('?'));
    if (!url.empty()) return path(url);
  }
  return std::nullopt;
}

void add_url(Hints& hints, const std::string& url, const std::string& reason) {
  if (const auto file = sqlite_path(url)) {
    hints.paths.push_back({*file, reason});
    // SQLAlchemy's sqlite:///relative and everybody else's sqlite:///absolute look the same.
    if (file->is_absolute()) hints.paths.push_back({file->relative_path(), reason});
  } else if (url.find("://") != std::string::npos) {
    hints.foreign.push_back({without_credentials(url), reason});
  }
}

void add_variables(Hints& hints, const config::Variables& variables, const std::string& where) {
  for (const auto* name : kPathVariables)
    if (const auto value = variables.find(name); value && !value->empty())
      hints.paths.push_back({path(*value), fmt::format("{} in {}", name, where)});
  for (const auto* name : kUrlVariables)
    if (const auto value = variables.find(name); value && !value->empty())
      add_url(hints, std::string(*value), fmt::format("{} in {}", name, where));
}

bool is_database_image(std::string_view image) {
  static constexpr std::array<std::string_view, 8> kImages{
      "postgres", "mongo", "mysql", "mariadb", "redis", "ferretdb", "timescale", "postgis"};
  return std::any_of(kImages.begin(), kImages.end(),
                     [&](auto name) { return image.find(name) != std::string_view::npos; });
}

// "mongo:7.0.12-jammy" → "MongoDB 7.0.12"; empty where the image does not say product and version.
std::string mongodb_server_of(std::string_view image) {
  const auto name = image.substr(image.rfind('/') + 1);
  const auto colon = std::min(name.find(':'), name.size());
  const auto product = name.substr(0, colon);
  auto version = name.substr(std::min(colon + 1, name.size()));
  if (product == "ferretdb" && version.starts_with('v')) version.remove_prefix(1);
  version = version.substr(0, version.find_first_not_of("0123456789."));
  while (version.ends_with('.')) version.remove_suffix(1);
  if (version.empty()) return {};
  if (product == "ferretdb") return fmt::format("FerretDB {}", version);
  const bool is_mongodb = product == "mongo" || product == "mongodb" ||
                          product == "mongodb-community-server" ||
                          product == "mongodb-enterprise-server";
  return is_mongodb ? fmt::format("MongoDB {}", version) : "";
}

void add_compose_service(Hints& hints, const config::Node& service, const std::string& where) {
  const auto* image = service.find("image");
  if (image != nullptr && is_database_image(image->text))
    hints.foreign.push_back({image->text, where});
  if (const auto server = image == nullptr ? "" : mongodb_server_of(image->text); !server.empty())
    hints.mongodb_servers.insert(server);
  const auto* volumes = service.find("volumes");
  if (volumes == nullptr || (image != nullptr && is_database_image(image->text))) return;
  for (const auto& volume : volumes->items) {
    const auto host = volume.text.substr(0, volume.text.find(':'));
    const auto name = path(host).filename().string();
    const bool is_path = host.starts_with('.') || host.starts_with('/');
    if (is_path && (name == "data" || name == "uploads" || name == "media" || name == "storage"))
      hints.paths.push_back({host, "a volume in " + where});
  }
}

void add_compose(Hints& hints, const path& directory) {
  for (const auto* name :
       {"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"}) {
    const auto text = read_text(directory / name);
    config::Problems ignored;
    const auto document = text ? config::read_yaml(*text, ignored) : std::nullopt;
    const auto* services = document ? document->find("services") : nullptr;
    if (services == nullptr) continue;
    for (const auto& service : services->members)
      add_compose_service(hints, service.value, fmt::format("{} ({})", name, service.key));
  }
}

// The word of a line that makes a backup, if any.
std::string_view backup_tool(std::string_view line) {
  static constexpr std::array<std::string_view, 14> kTools{
      "pg_dump", "pg_basebackup", "mongodump", "mysqldump", "mariadb-dump",
      ".backup", "VACUUM INTO",   "restic",    "borg",      "rdiff",
      "rclone",  "duplicity",     "rsnapshot", "backup"};
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || line[begin] == '#') return {};
  for (const auto tool : kTools)
    if (line.find(tool) != std::string_view::npos) return tool;
  return {};
}

// Where "$(date)", "${X}", "$X" or "`date`" ends: its last letter.
std::size_t end_of_expansion(std::string_view line, std::size_t at) {
  const auto next = at + 1 < line.size() ? line[at + 1] : ' ';
  const char close = line[at] == '`' ? '`' : next == '(' ? ')' : next == '{' ? '}' : '\0';
  if (close != '\0') return std::min(line.find(close, at + 1), line.size() - 1);
  while (at + 1 < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[at + 1])) != 0 || line[at + 1] == '_'))
    ++at;
  return at;
}

// The words of a shell line; what the shell would put in is "*", and an escape is taken away.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words(1);
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char letter = line[at];
    if (letter == '$' || letter == '`') {
      at = end_of_expansion(line, at);
      words.back() += '*';
    } else if (letter == ' ' || letter == '\t' || letter == ';' || letter == '|') {
      words.emplace_back();
    } else if (letter == '>' || letter == '=') {
      words.push_back(std::string(1, letter));
      words.emplace_back();
    } else if (letter != '"' && letter != '\'' && letter != '\\') {
      words.back() += letter;
    }
  }
  std::erase(words, "");
  return words;
}

// Where a line of mongodump leaves its dumps, as far as the line itself says so.
std::optional<FoundDumps> dumps_of(std::string_view line) {
  static constexpr std::array<std::string_view, 4> kNames{"--archive", "--out", "-o", ">"};
  const auto words = words_of(line);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (std::ranges::find(kNames, words[i]) == kNames.end()) continue;
    const path place = words[i + 1] == "=" && i + 2 < words.size() ? words[i + 2] : words[i + 1];
    const auto folder = place.parent_path();
    const auto name = place.filename().string();
    const bool is_plain = folder.is_absolute() && folder.string().find('*') == std::string::npos;
    if (!is_plain || name.empty() || !engine::mongodb::is_utf8(place.string())) continue;
    return FoundDumps{"mongodump", folder, name};
  }
  return std::nullopt;
}

void add_backup_lines(Hints& hints, const path& file) {
  const auto text = read_text(file);
  if (!text || hints.foreign.size() >= kMostForeign) return;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    const auto tool = backup_tool(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (tool.empty()) continue;
    hints.foreign.push_back({fmt::format("a backup by \"{}\"", tool), file.string(),
                             tool == "mongodump" ? dumps_of(line) : std::nullopt});
    return;
  }
}

}  // namespace

Hints hints_of_application(const path& directory,
                           const std::map<std::string, std::string>& environment) {
  Hints hints;
  if (const auto text = read_text(directory / ".env")) {
    config::Variables variables;
    variables.add_env_file(*text);
    add_variables(hints, variables, ".env");
  }
  add_variables(hints, config::Variables(environment), "the environment");
  add_compose(hints, directory);
  return hints;
}

Hints hints_of_crontabs(const path& system_root) {
  Hints hints;
  add_backup_lines(hints, system_root / "etc/crontab");
  for (const auto* folder :
       {"cron.d", "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly"}) {
    std::error_code error;
    std::vector<path> files;
    for (std::filesystem::directory_iterator at(system_root / "etc" / folder, error), end;
         !error && at != end && files.size() < kMostScripts; at.increment(error))
      files.push_back(at->path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
      if (!file.filename().string().starts_with('.') && file.filename() != "dpkg")
        add_backup_lines(hints, file);
  }
  return hints;
}

std::string without_credentials(const std::string& url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return url;
  const auto authority = scheme_end + 3;
  const auto rest = std::string_view(url).substr(authority);
  const auto path = std::min(rest.find('/'), rest.size());
  // A password may have what it should not: then nobody can tell where it begins and ends.
  if (url.find('@') < authority || rest.find('@', path) != rest.npos)
    return "a URL that may hold a password";
  const auto at = rest.rfind('@', path);
  const auto shown = url.substr(0, authority).append(at == rest.npos ? rest : rest.substr(at + 1));
  // Parameters may hold passwords too.
  return shown.substr(0, shown.find('?'));
}

}  // namespace lifeboat::service
