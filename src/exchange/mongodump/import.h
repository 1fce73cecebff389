#pragma once
// Restores one database of a dump of mongodump into an empty one: collections with their options
// and documents, then views, then indexes; every document compared afterwards. plan_dump() reads
// everything and changes nothing. One thread at a time.
#include <map>

#include "base/entry.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/features.h"
#include "engine/mongodb/location.h"
#include "exchange/mongodump/dump.h"

namespace lifeboat::exchange::mongodump {

struct DumpOptions {
  fs::path path;
  std::string database;        // of the dump; empty: its only one
  bool without_oplog = false;  // leave the log of a dump out
  bool accept_losses = false;  // leave out what the server cannot do
  std::uint64_t most_bytes = DumpPlace().most_bytes;
  fs::path above{};  // as in DumpPlace

  DumpPlace place() const { return {path, most_bytes, above}; }
};

struct DumpedCollection {
  engine::mongodb::Collection wanted;
  engine::mongodb::DocumentSum sum;
};

struct DumpPlan {
  std::string database;  // of the dump
  std::string product;   // of the server
  ArchiveHead head;      // empty for a folder
  std::map<std::string, DumpedCollection> collections;
  engine::mongodb::Catalog views;
  std::vector<Finding> findings;
  std::vector<Finding> losses;
  std::set<engine::mongodb::Feature> offered;

  std::uint64_t documents() const;
};

// `refused` when the database is not empty, when the dump has a log, a time series, or needs what
// the server cannot do; `usage` when it is not said which of several databases is meant.
Result<DumpPlan> plan_dump(const engine::mongodb::Location& to, const DumpOptions& options,
                           const RunContext& context);

struct RestoredCollection {
  std::string name;
  engine::mongodb::DocumentSum dumped;
  engine::mongodb::DocumentSum there;
  std::vector<std::string> indexes;

  bool is_equal() const { return dumped == there; }
};

struct DumpReport {
  std::vector<RestoredCollection> collections;
  std::vector<std::string> views;
  std::vector<Finding> findings;

  bool is_equal() const;
};

// `io_error` names the collection or index, and what the server said; nothing is taken back.
Result<DumpReport> restore_dump(const engine::mongodb::Location& to, const DumpPlan& plan,
                                const DumpOptions& options, const RunContext& context);

}  // namespace lifeboat::exchange::mongodump
