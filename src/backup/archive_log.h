#pragma once
// Carries the log of a live source into a repository: what came since the last piece that is there.
// Stateless; one call at a time for each source and repository.
#include "backup/backup.h"

namespace lifeboat::backup {

struct LogRequest {
  std::string service;
  engine::SourceOptions source;
  // `log` of a snapshot that was just made; a log that cannot go on from the last piece begins anew
  // with it. Null: there is none.
  Json base;
  // A piece that holds nothing new is only kept when it proves that much more time without writes.
  Duration quiet{0};
};

struct LogReport {
  std::string source;
  std::uint64_t pieces = 0;
  std::uint64_t bytes = 0;    // of entries
  std::uint64_t reaches = 0;  // the position until which the log is complete now
  std::string moment;         // the same for people
  std::string broken;  // why it does not go on from what was there; then a snapshot is needed
};

// `not_found` when there is neither a piece nor a snapshot that says where to begin.
Result<LogReport> archive_log(const LogRequest& request, repository::Repository& repository,
                              const RunContext& context);

}  // namespace lifeboat::backup
