#pragma once
// Log lines on stderr, above the progress bar. Thread-safe.
#include <iosfwd>
#include <mutex>

#include "base/log.h"
#include "cli/progress_meter.h"

namespace lifeboat::cli {

class ConsoleLog final : public Log {
 public:
  ConsoleLog(LogLevel least, std::ostream& stream, const Terminal& terminal,
             ProgressMeter& progress)
      : least_(least), stream_(stream), terminal_(terminal), progress_(progress) {}
  void write(LogLevel level, std::string_view message) override;

 private:
  const LogLevel least_;
  std::ostream& stream_;
  const Terminal terminal_;
  ProgressMeter& progress_;
  std::mutex mutex_;  // one line at a time
};

}  // namespace lifeboat::cli
