#pragma once
// Keeps the reading of a source under its configured rate. Thread-safe.
#include <memory>
#include <mutex>
#include <optional>

#include "base/entry.h"
#include "base/run_context.h"

namespace lifeboat::backup {

class ReadLimit {
 public:
  // 0 bytes a second means no limit.
  explicit ReadLimit(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}
  // Sleeps until `bytes` more may be read.
  void take(std::uint64_t bytes, const Clock& clock);

 private:
  const std::uint64_t rate_;
  std::mutex mutex_;  // the schedule below is shared by all readers of the source
  Duration free_at_{0};
};

// Reads `inner` at the limit's pace, counts progress, and remembers an error of the source.
class PacedReader final : public Reader {
 public:
  PacedReader(Reader& inner, ReadLimit& limit, const RunContext& context)
      : inner_(inner), limit_(limit), context_(context) {}
  Result<std::size_t> read(ByteSpan into) override;
  std::vector<Finding> finish() override { return inner_.finish(); }
  const std::optional<Error>& error() const { return error_; }

 private:
  Reader& inner_;
  ReadLimit& limit_;
  const RunContext& context_;
  std::optional<Error> error_;
};

}  // namespace lifeboat::backup
