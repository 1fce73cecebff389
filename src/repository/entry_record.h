#pragma once
// Entry records: one entry of a source as the entry stream holds it (docs/format.md, section 5). A
// decoder belongs to one thread; encoding is a pure function.
#include <optional>

#include "repository/repository.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxRecord = 1U << 30U;
constexpr std::size_t kMaxPath = 64U << 10U;

// `usage` when the record is not one that a decoder would take.
Result<Bytes> encode_entry(const EntryRecord& entry);

// Reads the records of an entry stream one by one; memory is one record and a buffer.
class EntryDecoder {
 public:
  explicit EntryDecoder(Reader& stream) : stream_(stream) {}
  // Nothing at the end of the stream; `corrupt` when a record is not as it must be.
  Result<std::optional<EntryRecord>> next();

 private:
  Result<bool> fill(std::size_t wanted);

  Reader& stream_;
  Bytes buffer_;
  std::size_t begin_ = 0;
};

}  // namespace lifeboat::repository
