#pragma once
// What the configuration says of a drill: where it restores from and to, and which questions it
// asks. Values only.
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "drill/app/options.h"

namespace lifeboat::drill {

// Every row's file is there with the size and hash the row says, and no file is without a row.
struct BlobsCheck {
  std::string source;  // a database source …
  std::string table;   // … and the table whose rows point at files
  std::string where;   // an SQL condition on the rows; empty = all
  std::string key;     // the column with the path relative to `files`
  std::string size;    // the column with the size in bytes; empty = not compared
  std::string sha256;  // the column with the SHA-256 in hex; empty = not compared
  std::string files;   // the files source
};

enum class Relation : std::uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
};

// ">= 100", "== 0", "= ready", "!= ''". Both sides are compared as numbers when both are, else as
// text, which only equal and not_equal may do.
struct Expectation {
  Relation relation = Relation::equal;
  std::string operand;
  std::string text;  // as written
};

// The single value that a read-only query answers is as expected.
struct QueryCheck {
  std::string name;
  std::string source;
  std::string text;  // in the engine's own language
  Expectation expect;
};

// The newest `field` of the table is not older than `within` at the snapshot's own time.
struct FreshnessCheck {
  std::string source;
  std::string table;
  std::string field;
  Duration within{0};
};

// What a migration tool's ledger in the database says, beside the migrations in a folder.
struct MigrationsCheck {
  std::string source;
  std::string folder;  // the application's migrations on this machine; empty = not compared
};

// A program that judges the restored data from inside the sandbox. Texts may hold ${sandbox.…}.
struct CommandCheck {
  std::string name;       // in the report
  std::string run;        // for /bin/sh -c
  std::string directory;  // where it starts: visible, not writable; empty = the application's
  std::vector<std::string> visible;                // more of the same
  std::map<std::string, std::string> environment;  // besides the application's
  int exit = 0;                                    // the status that is right
  std::string output;                              // a line matches this; empty = not asked
  std::string unwanted;                            // no line matches this; empty = not asked
  bool outcomes = false;  // it prints {"check", "outcome", "message"}, a line each
  Duration within = std::chrono::minutes(5);
  std::vector<std::string> secrets;  // values that came from variables: never printed
};

// A question to a person.
struct ManualCheck {
  std::string ask;
  std::string owner;  // who should answer
};

// A program that must succeed ahead of the drill, on the machine itself.
struct BeforeCommand {
  std::string name;
  std::string run;
  std::string directory;  // where it starts; empty = where the drill does
  Duration within = std::chrono::minutes(5);
  std::vector<std::string> secrets;
};

// What people would do in a recovery, as the runbook has it: a stage of the drill or one check.
struct RunbookStep {
  std::string step;
  std::string stage;  // either …
  std::string check;  // … or
  std::optional<Duration> within;
};

using Check = std::variant<BlobsCheck, QueryCheck, FreshnessCheck, MigrationsCheck, CommandCheck,
                           ManualCheck>;

// The drill of a service that has none configured: the equality of facts alone.
constexpr const char* kPlainDrill = "facts";

// To which moment after the snapshot sources with a log are restored.
// `boundary`: just before a marker, so that the one before it must be the newest there.
enum class LogMoment : std::uint8_t { none, latest, random, boundary };

struct DrillOptions {
  std::string name = kPlainDrill;
  std::string environment;        // what people call where it runs: "staging"
  std::string combined_with;      // what else is practised with it: "rotation of credentials"
  std::string tier = "full";      // every digest; "quick": structure and counts
  std::string from;               // a repository's name; empty = the service's first that answers
  std::string sandbox_directory;  // where sandboxes are made; empty = below the state directory
  std::string server;  // the program that a source on a server is restored to; empty = the engine's
  LogMoment log_moment = LogMoment::none;
  std::vector<Check> checks;  // besides the equality of facts, which is always checked
  std::vector<BeforeCommand> before;
  std::optional<AppOptions> app;   // booted on the restored data and asked
  std::optional<Duration> within;  // for all of it
  std::vector<RunbookStep> runbook;
};

}  // namespace lifeboat::drill
