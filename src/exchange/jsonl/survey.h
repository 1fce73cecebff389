#pragma once
// What a file of lines holds: read to its end, document by document, before anything is changed.
// The same documents are read again when they are inserted. Functions are thread-safe.
#include <functional>
#include <string>

#include "base/file.h"
#include "base/run_context.h"
#include "engine/mongodb/bson.h"
#include "engine/mongodb/document_digest.h"
#include "exchange/jsonl/inference.h"

namespace lifeboat::exchange::jsonl {

// Gets each document of a file, and whether it was escaped.
using VisitLine = std::function<Result<void>(engine::mongodb::DocumentView document, bool escaped)>;
// `corrupt` names the line of what is no document.
Result<void> read_lines(const fs::path& file, const VisitLine& visit, const RunContext& context);

struct Survey {
  engine::mongodb::DocumentSum sum;      // of the documents as they are
  engine::mongodb::DocumentSum by_keys;  // of the documents with their fields by name
  std::uint64_t escaped = 0;
  std::uint64_t without_id = 0;
  std::uint64_t without_time = 0;  // whose `ts` is no date
  std::string sample_hash;
  Shares shares;
};

Result<Survey> survey_lines(const fs::path& file, std::uint64_t sample, const RunContext& context);

}  // namespace lifeboat::exchange::jsonl
