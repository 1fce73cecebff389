#pragma once
// The verb "back up": reads every source of a service at one consistent point and commits one
// snapshot. Stateless; one call at a time for each service (the caller holds the service's lock).
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/json_value.h"
#include "base/run_context.h"
#include "engine/options.h"
#include "repository/repository.h"

namespace lifeboat::backup {

struct Hooks {
  std::string before;  // shell text; its failure ends the backup before anything is read
  // Runs whenever `before` ran, unless that failed by itself: also when the backup fails or is
  // stopped. With LIFEBOAT_RESULT=success|incomplete|failed.
  std::string after;
  Duration timeout = std::chrono::minutes(5);
};

struct Request {
  std::string service;
  std::string host;
  std::string version;
  std::map<std::string, std::string> labels;
  Json config;  // the service's configuration, secrets as references
  std::vector<engine::SourceOptions> sources;
  Hooks hooks;
  std::filesystem::path cache;  // where previous entries are kept; made when absent
};

struct SourceReport {
  std::string name;
  std::string type;
  std::uint64_t entries = 0;
  std::uint64_t unchanged = 0;  // entries that were not read again
  std::uint64_t bytes = 0;
  Json position;
  std::vector<Finding> findings;
  bool complete = true;
  std::optional<Error> failure;  // the source could not be read to its end
};

struct Report {
  repository::SnapshotInfo snapshot;
  std::vector<SourceReport> sources;
  repository::WriterStats stats;
  Duration elapsed{0};
};

// An unreadable source or file makes the snapshot incomplete, not absent; when no source can be
// read at all the first source's error comes back and nothing is committed.
Result<Report> run_backup(const Request& request, repository::Repository& repository,
                          const RunContext& context);

}  // namespace lifeboat::backup
