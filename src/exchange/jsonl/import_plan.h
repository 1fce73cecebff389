#pragma once
// What an import of JSON lines would do to a database: worked out from the whole archive and the
// server's own answers before anything is changed. Values only.
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/file.h"
#include "engine/mongodb/catalog.h"
#include "exchange/jsonl/names.h"
#include "exchange/jsonl/opened.h"
#include "exchange/jsonl/survey.h"

namespace lifeboat::exchange::jsonl {

struct ImportOptions {
  fs::path archive;
  fs::path unpack_into;  // empty: where it goes away again
  fs::path journal;      // of validators that are set aside
  Renames renames;
  std::uint64_t batch_size = 1000;
  std::uint64_t sample = 100;
  bool force = false;             // validators are set aside
  bool replace_existing = false;  // drop and make anew before inserting
  bool infer_time_series = true;
  bool accept_losses = false;  // what the server cannot do, or the archive lacks, is left out
};

struct PlannedCollection {
  NamedFile file;
  engine::mongodb::Collection wanted;  // without what is left out
  std::string grounds;                 // of a time series that was inferred
  Survey survey;
  bool exists = false;
  bool is_dropped_first = false;
  bool adds_to = false;  // it is kept, and holds documents

  bool is_made() const { return !exists || is_dropped_first; }
  // It is made anew as what it was.
  bool keeps_indexes() const { return is_dropped_first && !is_time_series(); }
  bool is_time_series() const {
    return wanted.kind == engine::mongodb::CollectionKind::time_series;
  }
};

struct ImportPlan {
  std::string database;
  std::string server;     // hosts and ports
  std::string product;    // "MongoDB 7.0.12"
  bool is_empty = false;  // the database holds nothing
  OpenedArchive archive;
  std::vector<std::string> drop;     // there, and not in the archive
  std::vector<std::string> create;   // in the archive, and not there
  std::vector<std::string> restore;  // in the archive
  std::vector<PlannedCollection> collections;
  std::vector<engine::mongodb::Collection> views;  // to be made, each after what it is on
  engine::mongodb::Catalog before;                 // what is there now
  std::vector<Finding> findings;
  std::vector<Finding> losses;       // what the server cannot do or the archive lacks
  std::vector<Finding> recovered{};  // of validators that an interrupted run had left aside

  std::uint64_t documents() const;
};

// Plans for what is there by now: a collection that stays is wanted as it is. `source_changed` when
// collections came or went since.
Result<void> take_catalog(ImportPlan& plan, engine::mongodb::Catalog fresh);

}  // namespace lifeboat::exchange::jsonl
