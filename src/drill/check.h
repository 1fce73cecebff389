#pragma once
// One question about a restored service, and what it may look at. Checks read only; one thread.
#include <map>
#include <memory>

#include "base/counted.h"
#include "drill/drill.h"
#include "drill/options.h"
#include "drill/report.h"
#include "engine/engine.h"
#include "repository/repository.h"

namespace lifeboat::drill {

// A source as restored, beside what the snapshot says of it.
struct RestoredSource {
  const repository::SourceManifest* manifest = nullptr;
  std::string place;
  Time time;                       // the moment it shows
  std::optional<Json> facts = {};  // to be expected instead of the manifest's; null = nobody knows
  std::unique_ptr<engine::Inspector> inspector;
  bool without_users = false;  // users and roles were left out: others use the server too
};

struct CheckScope {
  std::map<std::string, RestoredSource> sources;
  repository::Repository& repository;
  repository::SnapshotReader* snapshot = nullptr;  // null when only others make backups
  const std::string& tier;
  const std::vector<repository::SnapshotInfo>& snapshots;  // as they were when one was chosen
};

class Question {
 public:
  virtual ~Question() = default;
  // The check's answer; an error means that it could not be asked and becomes not_run (or failed,
  // for damage).
  virtual Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) = 0;
  virtual std::string id() const = 0;
  virtual std::string proves() const = 0;
};

// What every drill asks of every source …
std::unique_ptr<Question> make_facts_check(const std::string& source);
std::unique_ptr<Question> make_contents_check(const std::string& source);
std::unique_ptr<Question> make_integrity_check(const std::string& source);
// Of all sources at once: the snapshots before are read once.
std::unique_ptr<Question> make_trend_check();
// Not in the quick tier: the entries of this one and of three before are read.
std::unique_ptr<Question> make_rewritten_check();
// Answers only of a snapshot that is not the newest.
std::unique_ptr<Question> make_erased_check();
// Compares what both know; nothing is said of the rest.
std::unique_ptr<Question> make_circumstances_check(const Labels& at_backup, const Labels& now);
// … and what the configuration asks.
std::unique_ptr<Question> make_blobs_check(const BlobsCheck& options);
std::unique_ptr<Question> make_query_check(const QueryCheck& options);
std::unique_ptr<Question> make_freshness_check(const FreshnessCheck& options);
// Also asked, without a folder, of every source whose facts name a ledger.
std::unique_ptr<Question> make_migrations_check(const MigrationsCheck& options);

// Of facts of what is there now: whether each file in GridFS is whole. None where there is no
// GridFS.
std::optional<CheckResult> judge_gridfs(const std::string& source, const Json& facts);

// The restored source of this name; `config_invalid` when there is none.
Result<RestoredSource*> source_of(CheckScope& scope, const std::string& name);

// A value of a row as evidence may show it: numbers and truth values as they are, of all else what
// it is and how long.
std::string describe_value(const Json& value);

constexpr std::size_t kMaxDetails = 20;

}  // namespace lifeboat::drill
