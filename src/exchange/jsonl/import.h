#pragma once
// Imports an archive of the JSONL scripts, theirs or ours, into a database: plan_import() reads
// everything and changes nothing, run_import() does what was planned. An error of the server ends
// it. One thread at a time.
#include "engine/mongodb/location.h"
#include "exchange/jsonl/import_plan.h"

namespace lifeboat::exchange::jsonl {

// `refused` when the server lacks what the archive needs, unless losses are accepted, or when the
// archive contradicts itself or the database; `corrupt` when its metadata names a collection that
// it has no file of, unless losses are accepted; the errors of open_archive(), name_files() and
// read_lines().
Result<ImportPlan> plan_import(const engine::mongodb::Location& to, const ImportOptions& options,
                               const RunContext& context);

// Puts back the validators that an interrupted import left aside, and plans for them: to be called
// before what is there is saved or changed. `io_error` names those that do not go back.
Result<void> recover_import(const engine::mongodb::Location& to, const ImportOptions& options,
                            ImportPlan& plan);

struct ImportedCollection {
  std::string name;
  std::uint64_t file_count = 0;
  std::uint64_t db_count = 0;
  std::string sample_hash;
  std::string file_digest;
  std::string db_digest;
  std::string not_compared = {};  // why the digests say nothing; empty where they do

  bool is_equal() const {
    return file_count == db_count && file_digest == db_digest && not_compared.empty();
  }
};

struct ImportReport {
  std::vector<ImportedCollection> collections;
  std::vector<std::string> dropped;
  std::vector<std::string> views;
  std::vector<Finding> findings;
  std::uint64_t inserted = 0;

  bool is_equal() const;
};

// `io_error` names the collection, and what the server said; nothing is taken back. `refused` when
// validators of an interrupted import were not put back before.
Result<ImportReport> run_import(const engine::mongodb::Location& to, const ImportPlan& plan,
                                const ImportOptions& options, const RunContext& context);

}  // namespace lifeboat::exchange::jsonl
