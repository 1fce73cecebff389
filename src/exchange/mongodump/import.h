#pragma once
// Restores one database of a dump of mongodump into an empty one: collections with their options
// and documents, brought to one moment by the log of the dump (--oplog), then views, then indexes;
// every document compared afterwards. plan_dump() reads everything and changes nothing. One thread
// at a time.
#include <map>
#include <optional>

#include "base/entry.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/features.h"
#include "engine/mongodb/location.h"
#include "exchange/mongodump/survey.h"

namespace lifeboat::exchange::mongodump {

struct DumpOptions {
  fs::path path;
  std::string database;        // of the dump; empty: its only one
  bool without_oplog = false;  // leave the log of a dump out
  fs::path journal{};          // of validators that are set aside while the log is replayed
  bool accept_losses = false;  // leave out what the server cannot do
  bool accept_older = false;   // a server that is older than that of the dump is no loss
  std::uint64_t most_bytes = DumpPlace().most_bytes;
  std::uint64_t room = DumpPlace().room;
  fs::path was_at{};  // as in DumpPlace

  DumpPlace place() const { return {path, most_bytes, room, was_at}; }
};

struct DumpedCollection {
  engine::mongodb::Collection wanted;
  engine::mongodb::DocumentSum sum;
  std::uint64_t without_id = 0;  // documents
};

struct DumpPlan {
  std::string database;  // of the dump
  std::string product;   // of the server
  ArchiveHead head;      // empty for a folder
  std::map<std::string, DumpedCollection> collections;
  engine::mongodb::Catalog views;
  std::optional<LogOfDump> log;  // none: the dump has none, or it is left out
  std::vector<Finding> findings;
  std::vector<Finding> losses;
  std::set<engine::mongodb::Feature> offered;

  std::uint64_t documents() const;
};

// `refused` when the database is not empty, when the dump has a time series without buckets, or
// needs what the server cannot do; `usage` when it is not said which of several databases is meant.
Result<DumpPlan> plan_dump(const engine::mongodb::Location& to, const DumpOptions& options,
                           const RunContext& context);

struct RestoredCollection {
  std::string name;
  engine::mongodb::DocumentSum dumped;  // and what the log made of it
  engine::mongodb::DocumentSum there;
  std::vector<std::string> indexes;
  std::string not_compared = {};  // why the sums say nothing; empty where they do

  bool is_equal() const { return dumped == there && not_compared.empty(); }
};

struct DumpReport {
  std::vector<RestoredCollection> collections;
  std::vector<std::string> views;
  std::vector<Finding> findings;
  std::uint64_t log_applied = 0;  // entries
  std::string log_until = {};     // the moment of the last; empty: no log was replayed

  bool is_equal() const;
};

// `io_error` names the collection or index, and what the server said; nothing is taken back.
// `not_restorable` and `unsupported_format` tell what of the log cannot be replayed, `refused` what
// it makes and the server cannot do, unless that was accepted as lost.
Result<DumpReport> restore_dump(const engine::mongodb::Location& to, const DumpPlan& plan,
                                const DumpOptions& options, const RunContext& context);

}  // namespace lifeboat::exchange::mongodump
