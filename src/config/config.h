#pragma once
// The configuration: what `lifeboat.yaml` says, as values of the rooms that use them. Immutable
// after loading, so thread-safe; variables and secrets are filled in on use, by resolve.h.
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "config/node.h"
#include "config/problem.h"
#include "config/secret_reference.h"
#include "config/template.h"
#include "drill/options.h"
#include "engine/mongodb/options.h"
#include "notify/options.h"
#include "policy/options.h"

namespace lifeboat::config {

// A backup that another tool makes; engine::foreign::Options says what each means.
struct ForeignSource {
  Template from;
  std::string pattern;
  std::string format;
  std::optional<Duration> within;
  std::string database;
  std::string server;
  std::string folder;
  std::uint64_t bytes = 0;
  unsigned entries = 0;
  Template restore;
  std::map<std::string, Template> environment;
  std::optional<Duration> timeout;
};

struct Source {
  std::string name;
  std::string type;
  Template path;
  SecretReference uri;   // mongodb
  std::string database;  // mongodb
  engine::mongodb::Options mongodb;
  ForeignSource foreign;
  std::vector<Template> exclude;
  bool one_file_system = false;
  bool hash_files = false;
  Template read_limit;
  unsigned workers = 0;  // 0 = as many as the machine has
  // Another tool makes its backups: it is drilled, never taken and never restored.
  bool is_foreign() const { return type == "foreign"; }
};

struct Hooks {
  Template before_backup;
  Template after_backup;
  Duration timeout = std::chrono::minutes(5);
};

// Where `lifeboat mark` writes.
struct Markers {
  std::string source;
  std::string name = "lifeboat_markers";  // of the table, collection or file
  std::optional<SecretReference> uri;     // whose user may write; else the source's
  Duration every = std::chrono::minutes(1);
};

// policy::Schedule reads it.
struct BackupTimer {
  std::string type;  // "full" "incremental" "differential"
  std::string cron;
};

struct Drill {
  drill::DrillOptions options;  // all but the directory, which may hold variables
  std::string cron;             // when it is due; empty = when somebody asks
  bool on_change = false;       // due when what it depends on has changed
  bool after_backup = false;    // due when a backup is complete
  bool cold_start = false;      // with nothing but the repository and one key
  Template sandbox_directory;
  std::optional<SecretReference> scratch;  // the server on which it makes databases
};

struct Service {
  std::string name;
  Template owner;
  std::string tz = "UTC";
  std::optional<SecretReference> release;  // no secret, but found in the same ways
  std::vector<std::string> secrets;        // names of variables
  policy::ObjectiveOptions objectives;
  std::vector<Source> sources;
  std::vector<std::string> repositories;
  Hooks hooks;
  policy::RetentionOptions retention;
  std::optional<Markers> markers;
  std::vector<BackupTimer> schedule;
  std::vector<Drill> drills;
  std::vector<std::string> notify;  // names of notifiers

  // The first when `name` is empty; null when the service has none, and none is named.
  Result<const Drill*> find_drill(std::string_view name) const;
  // As it is called in reports and notices; whoever names none means the first.
  std::string drill_name(std::string_view wanted) const;
  // Whether there is anything to take.
  bool takes() const;
  // The names of those that other tools back up: "legacy, mail".
  std::string foreign_names() const;
};

struct KeyReference {
  enum class Kind : std::uint8_t { passphrase, key_file, recipient };
  Kind kind = Kind::passphrase;
  SecretReference secret;  // of a key file and of a recipient: the file
};

struct Repository {
  std::string name;
  Template url;
  KeyReference key;
  Template upload_limit;
  Template download_limit;
  std::string medium;
  std::string region;
  bool offsite = false;
};

struct Notifier {
  std::string name;
  notify::Kind kind = notify::Kind::slack;
  std::vector<notify::Event> on;
  std::string watches = "drill";
  bool tls = true;
  SecretReference url;
  SecretReference signing;
  SecretReference password;
  Template ca;
  Template server;
  Template user;
  Template from;
  std::vector<Template> to;
};

struct Config {
  fs::path file;       // empty when it came from a snapshot
  fs::path directory;  // where relative paths begin
  std::vector<Service> services;
  std::vector<Repository> repositories;
  std::vector<Notifier> notifiers;
  Node document;  // as written, for portable_json()

  // `config_invalid` naming the nearest name, or all of them.
  Result<const Service*> find_service(std::string_view name) const;
  Result<const Repository*> find_repository(std::string_view name) const;
  Result<const Notifier*> find_notifier(std::string_view name) const;
};

struct Loaded {
  Config config;
  Variables variables;
  std::vector<Problem> warnings;
};

// Reads the file and the `.env` beside it. `config_invalid` lists every mistake with line and
// column.
Result<Loaded> load_config(const fs::path& file, std::map<std::string, std::string> environment);
// The same from a text; `file` is only named in messages and gives the directory.
Result<Loaded> parse_config(std::string_view text, const fs::path& file, Variables variables);

// `flag` (--config) or else LIFEBOAT_CONFIG must exist when given; then ./lifeboat.yaml, then
// /etc/lifeboat/lifeboat.yaml. `config_invalid` says where was looked.
Result<fs::path> find_config(const std::string& flag,
                             const std::map<std::string, std::string>& environment,
                             const fs::path& working_directory);

}  // namespace lifeboat::config
