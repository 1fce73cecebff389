#pragma once
// The counts of a backup as lines of CSV, appended to those of earlier ones. Stateless.
#include "exchange/jsonl/export.h"

namespace lifeboat::exchange::jsonl {

// One line for each collection; the first of a new file names the columns: time, database,
// collection, documents, bytes (of BSON), digest, sample_hash, archive.
Result<void> append_counts(const fs::path& csv, const std::string& database,
                           const ExportReport& report);

// In quotes where it must be, as RFC 4180 has it; a text that a spreadsheet would take for a
// formula is kept from it by an apostrophe.
std::string csv_field(std::string_view text);

}  // namespace lifeboat::exchange::jsonl
