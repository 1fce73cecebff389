#pragma once
// Writes a database as an archive that mongorestore reads: the prelude with options and indexes of
// every collection, their documents (of time series the buckets), and a CRC-64 of each. In bounded
// memory; nothing is visible before it is whole and on the disk. Stateless.
#include "base/entry.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/location.h"
#include "exchange/mongodump/dump.h"

namespace lifeboat::exchange::mongodump {

struct WrittenCollection {
  std::string name;
  engine::mongodb::DocumentSum sum;
};

struct ArchiveReport {
  std::uint64_t bytes = 0;
  std::vector<WrittenCollection> collections;
  std::vector<std::string> views;
  std::vector<Finding> findings;

  std::uint64_t documents() const;
};

// `exists` where there is a file already, `not_found` for a database that holds nothing, `refused`
// for a time series without buckets (8.3 and later), `incomplete` for options that Extended JSON
// cannot carry, `source_changed` when a collection was made, changed or dropped meanwhile.
Result<ArchiveReport> export_archive(const engine::mongodb::Location& from, const fs::path& file,
                                     const RunContext& context);

}  // namespace lifeboat::exchange::mongodump
