#pragma once
// Databases into and out of the formats of other tools, without a configuration: what the call does
// not say comes from the environment and from `.env` in the working directory. One call at a time.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/run_context.h"
#include "service/calls.h"
#include "service/setup.h"

namespace lifeboat::service {

// Where the database is: else MONGO_URI, MONGO_DB.
struct DatabaseChoice {
  std::string uri;  // without a password, or env:NAME, file:/PATH
  std::string database;
};

struct ExportJsonlCall {
  DatabaseChoice database;
  std::filesystem::path out_dir;  // empty: backup_dtb
  std::filesystem::path csv;
  bool pretty = false;
  bool gzip = false;
  bool escape = false;
};
// {"database", "folder", "archive", "bytes", "documents", "escaped", "views", "findings",
// "collections": [{"name", "file", "count", "bytes", "escaped", "sample_hash", "digest"}]}
Result<Answer> export_jsonl(const Setup& setup, const ExportJsonlCall& call,
                            const RunContext& context);

struct ImportJsonlCall {
  DatabaseChoice database;
  std::filesystem::path archive;       // or a folder that was one
  std::filesystem::path out_dir;       // unpacked here and kept; empty: away again
  std::filesystem::path snapshot_dir;  // of what is there before; empty: backup_dtb
  std::vector<std::string> renames;    // FILE=NAME
  std::uint64_t batch_size = 1000;
  std::uint64_t sample = 100;
  bool dry_run = false;
  bool force = false;
  bool replace_existing = false;
  bool infer_time_series = true;
  bool accept_losses = false;
  bool snapshot_first = true;
};
// Plan: {"database", "server", "product", "archive", "drop", "create", "restore", "documents",
// "collections": [{"name", "file", "count", "state", "sample_hash", "digest", "time_series",
// "grounds"}], "views", "losses", "findings", "snapshot_first", "force"}. Answer: the plan and,
// unless it was a dry run, "report": {"inserted", "dropped", "views", "findings", "collections":
// [{"name", "file_count", "db_count", "sample_hash", "file_digest", "db_digest", "equal"}]}, with
// "before" (what was there, exported) and "go_back" (the command). Exit 1 when not all is equal.
Result<Answer> import_jsonl(const Setup& setup, const ImportJsonlCall& call, const Confirm& confirm,
                            const RunContext& context);

struct ImportMongodumpCall {
  DatabaseChoice database;
  std::filesystem::path path;  // an archive, or a folder
  std::string from_database;   // of the dump; empty: its only one
  bool dry_run = false;
  bool without_oplog = false;
  bool accept_losses = false;
};
// Plan: {"path", "from", "database", "server", "product", "documents", "collections": [{"name",
// "count", "bytes", "indexes"}], "views", "losses", "findings"}. Answer: the plan and, unless it
// was a dry run, "report": {"equal", "views", "findings", "collections": [{"name", "file_count",
// "db_count", "file_digest", "db_digest", "indexes", "equal"}]}. Exit 1 when not all is equal.
Result<Answer> import_mongodump(const Setup& setup, const ImportMongodumpCall& call,
                                const std::function<void(const Json& plan)>& planned,
                                const RunContext& context);

struct ExportMongodumpCall {
  DatabaseChoice database;
  std::filesystem::path file;
};
// {"database", "server", "archive", "archive_bytes", "documents", "views", "findings",
// "collections": [{"name", "count", "bytes", "digest"}]}
Result<Answer> export_mongodump(const Setup& setup, const ExportMongodumpCall& call,
                                const RunContext& context);

}  // namespace lifeboat::service
