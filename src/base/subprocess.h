#pragma once
// Runs one shell command with a time limit and bounded output; the whole process group is killed
// when time is up or the run is stopped. Thread-safe.
#include <map>
#include <string>

#include "base/run_context.h"

namespace lifeboat {

struct CommandSpec {
  std::string shell_text;                          // given to /bin/sh -c
  std::map<std::string, std::string> environment;  // added to the caller's
  Duration timeout = std::chrono::minutes(5);
  std::string directory;  // where it starts; empty = where the caller is
  bool inherits = true;   // the caller's environment and open files
  bool ends_all = false;  // what it left running is killed when it has ended
};

struct CommandOutcome {
  int exit_status = 0;  // 128 + signal when it was killed by one
  std::string output;   // stdout and stderr together, the last 64 KiB
  Duration elapsed{0};
};

// `timed_out` and `interrupted` kill the group; a command that ran and failed is an outcome, not an
// error.
Result<CommandOutcome> run_command(const CommandSpec& spec, const RunContext& context);

}  // namespace lifeboat
