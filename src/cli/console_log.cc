#include "cli/console_log.h"

#include <ostream>

namespace lifeboat::cli {
namespace {

std::string prefix_of(LogLevel level, bool colour) {
  switch (level) {
    case LogLevel::debug:
      return styled("debug: ", Style::faint, colour);
    case LogLevel::info:
      return "";
    case LogLevel::warning:
      return styled("warning: ", Style::caution, colour);
    case LogLevel::error:
      return styled("error: ", Style::bad, colour);
  }
  return "";
}

}  // namespace

void ConsoleLog::write(LogLevel level, std::string_view message) {
  if (level < least_) return;
  const std::scoped_lock lock(mutex_);
  progress_.clear();
  const auto prefix = prefix_of(level, terminal_.err_colour);
  stream_ << prefix << fitted(printable(message), columns(prefix), terminal_) << std::endl;
}

}  // namespace lifeboat::cli
