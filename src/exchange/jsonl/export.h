#pragma once
// Exports a database as the JSONL scripts do: a file of canonical Extended JSON for each
// collection, their options, and all of it in one tar. Read collection by collection, in bounded
// memory; nothing is visible before everything is on the disk. Stateless.
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/file.h"
#include "base/run_context.h"
#include "engine/foreign/pack.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/location.h"

namespace lifeboat::exchange::jsonl {

inline constexpr std::uint64_t kDefaultSample = 100;

struct ExportOptions {
  fs::path out_dir;
  engine::mongodb::JsonLayout layout = engine::mongodb::JsonLayout::line;
  engine::mongodb::Lossy lossy = engine::mongodb::Lossy::refused;
  engine::foreign::Packing packing = engine::foreign::Packing::tar;
  fs::path csv;  // counts are appended to it; empty: nowhere
  std::uint64_t sample = kDefaultSample;
};

struct ExportedCollection {
  std::string name;
  std::string file;
  engine::mongodb::DocumentSum sum;
  std::uint64_t escaped = 0;
  std::string sample_hash;
};

struct ExportReport {
  fs::path folder;
  fs::path archive;
  std::uint64_t archive_bytes = 0;
  Time moment;
  std::vector<ExportedCollection> collections;
  std::vector<std::string> views;
  std::vector<Finding> findings;

  engine::mongodb::DocumentSum sum() const;
  std::uint64_t escaped() const;
};

// `incomplete` names collection, document and field that Extended JSON cannot carry, unless such
// documents are escaped; `not_found` for a database that holds nothing; `source_changed` when a
// collection was made, changed or dropped meanwhile.
Result<ExportReport> export_jsonl(const engine::mongodb::Location& from,
                                  const ExportOptions& options, const RunContext& context);

}  // namespace lifeboat::exchange::jsonl
