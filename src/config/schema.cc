#include "config/schema.h"

#include <algorithm>
#include <array>

#include "config/schema_app.h"
#include "config/schema_commands.h"
#include "config/schema_drill.h"
#include "config/schema_foreign.h"
#include "config/schema_notify.h"
#include "config/schema_questions.h"

namespace lifeboat::config {
namespace {

constexpr std::array kTypes = std::to_array<TypeInfo>({
    {"block", "keys of its own", false, ""},
    {"names", "names of your choice", false, ""},
    {"list", "a list", false, ""},
    {"one of", "exactly one of these keys", false, ""},
    {"text", "a text", true, ""},
    {"text", "a text, without variables", false, ""},
    {"path", "a path; a relative one begins at the configuration's directory", true, ""},
    {"URL", "a path or `file:///path`", true, ""},
    {"command", "a command line for /bin/sh", true, ""},
    {"secret", "`${VARIABLE}`, `file:/path` or `command:…`", true, ""},
    {"rate", "bytes per second, such as 50MB/s", true,
     R"(^(\d+(\.\d+)? ?([kKMGT]?B|[KMGT]iB)?(/s)?|.*\$\{.*)$)"},
    {"count", "a whole number from 1", false, R"(^[1-9]\d{0,5}$)"},
    {"flag", "true or false", false, ""},
    {"duration", "a time such as 90s, 15m, 24h, 2d or 1w", false,
     R"(^\d+(\.\d+)? ?(ms|s|m|min|h|d|w)$)"},
    {"choice", "one of these words", false, ""},
    {"choices", "a list of these words", false, ""},
    {"name", "the name of something in this file", false, R"(^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$)"},
    {"names", "a list of names", false, ""},
    {"texts", "a list of texts", true, ""},
    {"time zone", "a time zone such as Europe/Berlin or UTC", false,
     R"(^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$)"},
    {"table", "a source and its table, such as db.images", false, R"(^[A-Za-z0-9_-]+\..+$)"},
    {"expectation", "a comparison such as \">= 100\" or \"== 0\"", false, ""},
    {"schedule", "five fields of cron such as \"0 3 * * *\", or @hourly, @daily, @weekly", false,
     R"(^(@[a-z]+|[^ ]+( +[^ ]+){4})$)"},
    {"size", "bytes, such as 512MB or 2GiB", false, R"(^\d+(\.\d+)? ?([kKMGT]?B|[KMGT]iB)?$)"},
    {"pattern", "a POSIX extended regular expression", false, ""},
    {"percentage", "a part such as 1% or 0.5%", false, R"(^\d{1,3}(\.\d+)? ?%$)"},
    {"JSON", "any value, or its JSON as a text", true, ""},
    {"status", "an exit status from 0 to 255", false, R"(^\d{1,3}$)"},
    {"planned", "not in this version", false, ""},
});
static_assert(kTypes.size() == static_cast<std::size_t>(Type::planned) + 1);

constexpr Row kSchema[] = {
    {.path = "", .type = Type::block, .about = "The whole file."},
    {.path = "version",
     .type = Type::choice,
     .about = "The version of this file's form.",
     .required = true,
     .example = "1",
     .choices = "1"},

    {.path = "services",
     .type = Type::names,
     .about = "The applications that are protected.",
     .required = true},
    {.path = "services.*",
     .type = Type::block,
     .about =
         "One application: what belongs together, is backed up together and restored together."},
    {.path = "services.*.owner",
     .type = Type::text,
     .about = "Who answers for this service; it is printed in reports.",
     .example = "ops@example.org"},
    {.path = "services.*.tz",
     .type = Type::time_zone,
     .about = "The time zone of times without an offset.",
     .fallback = "UTC",
     .example = "Europe/Berlin"},

    {.path = "services.*.release",
     .type = Type::text,
     .about = "The application's release, kept in every snapshot; `file:/path` and `command:…` may "
              "stand here too. A drill under another one says so.",
     .example = "\"command:git -C /srv/shop describe\""},
    {.path = "services.*.secrets",
     .type = Type::text_list,
     .about = "Names of variables without which the application cannot use its data. Every "
              "snapshot keeps a fingerprint of each, made with the repository's key, so that a "
              "drill with another value says so.",
     .example = "[TOKEN_KEY]"},

    {.path = "services.*.objectives",
     .type = Type::block,
     .about = "What was promised. Drills measure it and judge it apart from their verdict.",
     .example = "{rpo: 24h, rto: 1h}"},
    {.path = "services.*.objectives.rpo",
     .type = Type::duration,
     .about = "Acceptable loss: how old the restored state may be."},
    {.path = "services.*.objectives.rto",
     .type = Type::duration,
     .about = "Acceptable downtime: how long until the service is ready again."},

    {.path = "services.*.sources",
     .type = Type::names,
     .about = "The things to protect. Databases begin before files, so that every file a row names "
              "is there.",
     .required = true},
    {.path = "services.*.sources.*", .type = Type::block, .about = "One thing to protect."},
    {.path = "services.*.sources.*.type",
     .type = Type::choice,
     .about = "What kind of thing it is.",
     .required = true,
     .choices = "sqlite|files|mongodb|foreign",
     .planned_choices = "postgresql|s3|command"},
    {.path = "services.*.sources.*.path",
     .type = Type::path,
     .about = "The database file, or the folder.",
     .required = true,
     .only_for = "sqlite|files"},
    {.path = "services.*.sources.*.uri",
     .type = Type::secret,
     .about = "The server and a user who may read the database: `${VARIABLE}` or `file:/path`.",
     .required = true,
     .only_for = "mongodb"},
    {.path = "services.*.sources.*.time_series",
     .type = Type::choice,
     .about =
         "What a snapshot holds of a time series: its buckets, exactly as a server of 5.0 to "
         "8.2 keeps them, or its documents, which any server with time series takes, but no "
         "log brings to another moment. Where a server shows no buckets, always its documents.",
     .fallback = "buckets",
     .choices = "buckets|documents",
     .only_for = "mongodb"},
    {.path = "services.*.sources.*.read_preference",
     .type = Type::choice,
     .about = "Which member of the replica set a backup and the log are read from: all of it from "
              "one. `secondary_preferred` takes the primary where there is no secondary.",
     .fallback = "primary",
     .choices = "primary|secondary|secondary_preferred",
     .only_for = "mongodb"},
    {.path = "services.*.sources.*.max_lag",
     .type = Type::duration,
     .about = "How far that secondary may be behind the primary: beyond it nothing is read.",
     .fallback = "30s",
     .only_for = "mongodb"},
    {.path = "services.*.sources.*.sharded",
     .type = Type::choice,
     .about = "What to do where the server is the mongos of a sharded cluster: `fuzzy` copies its "
              "collections one by one, as of no one moment and without a log.",
     .fallback = "refuse",
     .choices = "refuse|fuzzy",
     .only_for = "mongodb"},
    {.path = "services.*.sources.*.exclude",
     .type = Type::text_list,
     .about = "Patterns of files to leave out, relative to the folder, as in a `.gitignore`.",
     .example = "[\"*.tmp\", \"cache/\"]",
     .only_for = "files"},
    {.path = "services.*.sources.*.one_file_system",
     .type = Type::flag,
     .about = "Do not cross into other file systems that are mounted below the folder.",
     .fallback = "false",
     .only_for = "files"},
    {.path = "services.*.sources.*.hash_files",
     .type = Type::flag,
     .about = "Also record a plain SHA-256 of every file, for other tools. Costs time.",
     .fallback = "false",
     .only_for = "files"},
    {.path = "services.*.sources.*.limits",
     .type = Type::block,
     .about = "How much of the machine a backup may use for this source.",
     .example = "{read: 50MB/s, workers: 2}",
     .only_for = "sqlite|files|mongodb"},
    {.path = "services.*.sources.*.limits.read",
     .type = Type::rate,
     .about = "Bytes read per second.",
     .fallback = "no limit"},
    {.path = "services.*.sources.*.limits.workers",
     .type = Type::count,
     .about = "Threads used at once.",
     .fallback = "as many as the machine has"},

    {.path = "services.*.repositories",
     .type = Type::name_list,
     .about = "Where its snapshots are kept: names from `repositories` below.",
     .required = true},

    {.path = "services.*.hooks",
     .type = Type::block,
     .about = "Commands run around a backup.",
     .example = "{before_backup: \"…\", after_backup: \"…\", timeout: 5m}"},
    {.path = "services.*.hooks.before_backup",
     .type = Type::command,
     .about = "Run before anything is read; when it fails, nothing is backed up."},
    {.path = "services.*.hooks.after_backup",
     .type = Type::command,
     .about = "Run when the backup is over, also after one that failed or was stopped."},
    {.path = "services.*.hooks.timeout",
     .type = Type::duration,
     .about = "How long each may take before it is killed.",
     .fallback = "5m"},

    {.path = "services.*.retention",
     .type = Type::block,
     .about = "What `lifeboat forget` keeps. Without it, everything. The last proven snapshot, "
              "held ones and the newest complete one are always kept.",
     .example = "{keep_last: 7, keep_within: 30d}"},
    {.path = "services.*.retention.keep_last",
     .type = Type::count,
     .about = "This many of the newest complete snapshots."},
    {.path = "services.*.retention.keep_within",
     .type = Type::duration,
     .about = "Every snapshot younger than this."},
    {.path = "services.*.retention.hourly"},
    {.path = "services.*.retention.daily"},
    {.path = "services.*.retention.weekly"},
    {.path = "services.*.retention.monthly"},
    {.path = "services.*.retention.yearly"},
    {.path = "services.*.retention.delete_after"},

    {.path = "services.*.drills",
     .type = Type::names,
     .about = "Rehearsals: restore into a sandbox, check, measure, sign, tear down."},
    {.path = "services.*.drills.*",
     .type = Type::block,
     .about = "One rehearsal. That everything restored equals the facts recorded in the snapshot "
              "is always checked."},
    {.path = "services.*.drills.*.tier",
     .type = Type::choice,
     .about = "How deep: `full` compares every digest and every byte of every file; `quick` "
              "compares structure and counts, and makes no snapshot count as proven.",
     .fallback = "full",
     .choices = "full|quick"},
    {.path = "services.*.drills.*.from",
     .type = Type::name,
     .about = "The repository to restore from.",
     .fallback = "the first that answers"},
    {.path = "services.*.drills.*.sandbox",
     .type = Type::block,
     .about = "Where the drill restores to.",
     .example = "{directory: /var/tmp}"},
    {.path = "services.*.drills.*.sandbox.directory",
     .type = Type::path,
     .about = "Sandboxes are made below it; it needs room for the whole service.",
     .fallback = "the state directory"},
    {.path = "services.*.drills.*.checks",
     .type = Type::list,
     .about = "Questions besides the equality of facts."},
    {.path = "services.*.drills.*.checks.[]", .type = Type::one_of, .about = "One question."},

    {.path = "services.*.drills.*.trigger",
     .type = Type::block,
     .about = "When the drill is due; `lifeboat schedule` writes it for cron, systemd or GitHub."},
    {.path = "services.*.drills.*.trigger.cron",
     .type = Type::schedule,
     .about = "The times, in the service's time zone."},
    {.path = "services.*.drills.*.trigger.on_change",
     .type = Type::flag,
     .about = "Also when sources, repositories, schedules, keys or the version of Lifeboat are not "
              "what they were when it last ran; `lifeboat drill run --due` looks.",
     .fallback = "false"},
    {.path = "services.*.drills.*.trigger.after_backup",
     .type = Type::flag,
     .about = "Also after each complete backup, of its snapshot; while several wait, only the "
              "newest. `lifeboat drill run --due` runs it.",
     .fallback = "false"},
    {.path = "services.*.drills.*.pitr",
     .type = Type::choice,
     .about = "Restore sources with a log to a moment after the snapshot: the latest that the "
              "archived log reaches, a random one, or `boundary`: just before one of the `markers` "
              "below, so that the one before it must be the newest there.",
     .fallback = "as they were at the snapshot",
     .choices = "latest|random|boundary"},
    {.path = "services.*.drills.*.network",
     .type = Type::block,
     .about = "What the application may reach. Without it nothing.",
     .example = "{allow: [\"licences.example.org:443\"]}"},
    {.path = "services.*.drills.*.network.allow",
     .type = Type::text_list,
     .about = "Hosts and ports, by the names that it uses. Each connection is written down.",
     .required = true},
    {.path = "services.*.drills.*.after_restore"},
    {.path = "services.*.drills.*.app",
     .type = Type::block,
     .about = "The application, booted on the restored data where nothing leaves "
              "(`docs/evidence.md`), and asked what its people would ask."},
    {.path = "services.*.schedule",
     .type = Type::block,
     .about = "When backups are due, in the service's time zone; `lifeboat schedule` writes it for "
              "cron, systemd or GitHub."},
    {.path = "services.*.schedule.full",
     .type = Type::schedule,
     .about = "Complete backups.",
     .example = "\"0 3 * * *\""},
    {.path = "services.*.schedule.incremental",
     .type = Type::schedule,
     .about = "What changed since the last backup; complete too where a source keeps no log."},
    {.path = "services.*.schedule.differential",
     .type = Type::schedule,
     .about = "What changed since the last full one; complete too where a source keeps no log."},
    {.path = "services.*.notify",
     .type = Type::name_list,
     .about = "Who is told of it: names from `notifiers` below (`docs/notices.md`)."},
    {.path = "services.*.markers",
     .type = Type::block,
     .about = "Rows or lines that `lifeboat mark` writes into a source, so that a drill can say "
              "which writes would be lost. Without it that figure is not measured.",
     .example = "{source: db, every: 1m}"},
    {.path = "services.*.markers.source",
     .type = Type::name,
     .about = "The source that they go into.",
     .required = true},
    {.path = "services.*.markers.name",
     .type = Type::name,
     .about = "The table or collection of a database, or the file of a folder. It is made, and "
              "nobody else may write it.",
     .fallback = "lifeboat_markers"},
    {.path = "services.*.markers.uri",
     .type = Type::secret,
     .about = "A server's user who may write them, where that of the backup may only read: "
              "`${VARIABLE}` or `file:/path`.",
     .fallback = "the source's"},
    {.path = "services.*.markers.every",
     .type = Type::duration,
     .about = "How often: lost writes are told as finely as that.",
     .fallback = "1m"},
    {.path = "services.*.plan"},

    {.path = "repositories",
     .type = Type::names,
     .about = "Where snapshots are kept.",
     .required = true},
    {.path = "repositories.*", .type = Type::block, .about = "One encrypted repository."},
    {.path = "repositories.*.url",
     .type = Type::url,
     .about = "Its directory: a path or `file:///path`.",
     .required = true},
    {.path = "repositories.*.key",
     .type = Type::one_of,
     .about = "What opens it.",
     .required = true},
    {.path = "repositories.*.key.passphrase",
     .type = Type::secret,
     .about = "A passphrase: `${VARIABLE}`, `file:/path` or `command:…`.",
     .example = "\"${LIFEBOAT_PASSPHRASE}\""},
    {.path = "repositories.*.key.file",
     .type = Type::path,
     .about = "A key file, as `lifeboat key add --file` writes it."},
    {.path = "repositories.*.key.recipient",
     .type = Type::path,
     .about = "A recipient's key file, as `lifeboat key generate --recipient` writes it: kept in "
              "safekeeping, only its public key is ever given to `lifeboat key add`."},
    {.path = "repositories.*.key.command",
     .type = Type::command,
     .about = "A command that prints the passphrase."},
    {.path = "repositories.*.medium",
     .type = Type::literal,
     .about = "A label for reports: what it is kept on, such as disk or object.",
     .example = "disk"},
    {.path = "repositories.*.region",
     .type = Type::literal,
     .about = "A label for reports: where it is.",
     .example = "hq"},
    {.path = "repositories.*.offsite",
     .type = Type::flag,
     .about = "A label for reports: it is not where the service is.",
     .fallback = "false"},
    {.path = "repositories.*.limits",
     .type = Type::block,
     .about = "How much of the network or disk it may use.",
     .example = "{upload: 20MB/s, download: 50MB/s}"},
    {.path = "repositories.*.limits.upload",
     .type = Type::rate,
     .about = "Bytes written per second.",
     .fallback = "no limit"},
    {.path = "repositories.*.limits.download",
     .type = Type::rate,
     .about = "Bytes read per second.",
     .fallback = "no limit"},
    {.path = "repositories.*.limits.window"},
    {.path = "repositories.*.object_lock"},
};

// Some parts stand in files of their own, and here behind their first row; those of notifiers come
// last.
std::vector<Row> whole_schema() {
  std::vector<Row> rows;
  const auto add = [&](std::span<const Row> more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  for (const auto& row : kSchema) {
    rows.push_back(row);
    if (row.path == kAppPath) add(app_rows());
    if (row.path == kQuestionsPath) add(question_rows());
    if (row.path == kQuestionsPath) add(command_rows());
    if (row.path == "services.*.drills.*.from") add(drill_rows());
    if (row.path == kSourcePath) add(foreign_rows());
  }
  add(notify_rows());
  return rows;
}

std::string_view parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

}  // namespace

std::string_view Row::key() const {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

const TypeInfo& info_of(Type type) { return kTypes[static_cast<std::size_t>(type)]; }

std::span<const Row> schema() {
  static const auto kWhole = whole_schema();
  return kWhole;
}

const Row* find_row(std::string_view path) {
  for (const auto& row : schema())
    if (row.path == path) return &row;
  return nullptr;
}

std::vector<const Row*> children_of(const Row& row) {
  std::vector<const Row*> children;
  for (const auto& other : schema())
    if (!other.path.empty() && parent_of(other.path) == row.path) children.push_back(&other);
  return children;
}

std::string child_path(const Row& row, std::string_view key) {
  return row.path.empty() ? std::string(key) : std::string(row.path) + "." + std::string(key);
}

bool is_for(const Row& row, std::string_view type) {
  if (row.only_for.empty()) return true;
  const auto types = split_choices(row.only_for);
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::vector<std::string_view> split_choices(std::string_view choices) {
  std::vector<std::string_view> parts;
  while (!choices.empty()) {
    const auto bar = std::min(choices.find('|'), choices.size());
    parts.push_back(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return parts;
}

}  // namespace lifeboat::config
