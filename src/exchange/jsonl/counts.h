#pragma once
// The counts of a backup as lines of CSV, appended to those of earlier ones. Stateless.
#include "exchange/jsonl/export.h"

namespace lifeboat::exchange::jsonl {

// One line for each collection; the first of a new file names the columns: time, database,
// collection, documents, bytes (of BSON), digest, sample_hash, archive.
Result<void> append_counts(const fs::path& csv, const std::string& database,
                           const ExportReport& report);

}  // namespace lifeboat::exchange::jsonl
