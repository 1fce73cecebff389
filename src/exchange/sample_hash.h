#pragma once
// The sample hash of the JSONL scripts: SHA-256 over the first documents of a collection as
// Python's json.dumps(…, sort_keys=True) prints what pymongo's json_util makes of them, one after
// the other. One thread at a time.
#include <string>

#include "crypto/hash.h"
#include "engine/mongodb/bson.h"

namespace lifeboat::exchange {

// Relaxed Extended JSON, keys in ascending order, ASCII only, as Python 3 spaces and rounds it. Of
// a repeated key the last value counts. `corrupt` for text that is not UTF-8.
Result<std::string> python_json(engine::mongodb::DocumentView document);

class SampleHash {
 public:
  explicit SampleHash(std::uint64_t most) : rest_(most) {}

  // Documents beyond the sample change nothing.
  Result<void> add(engine::mongodb::DocumentView document);
  // As a line of a file: of an escaped document the scripts see the escape.
  Result<void> add_line(engine::mongodb::DocumentView document, bool escaped);
  // Nothing may be added after.
  std::string finish() { return hash_.finish().hex(); }

 private:
  std::uint64_t rest_;
  crypto::Sha256 hash_;
};

}  // namespace lifeboat::exchange
