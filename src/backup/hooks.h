#pragma once
// The commands that the configuration runs around a backup. Stateless.
#include "backup/backup.h"

namespace lifeboat::backup {

struct Hook {
  std::string name;
  std::string command;
  std::string result;  // of the backup, in one word; empty before it
};

// An empty command is success. The hook sees LIFEBOAT_SERVICE, LIFEBOAT_HOOK and, after the
// backup, LIFEBOAT_RESULT. A failing hook is `command_failed` with the end of its output.
Result<void> run_hook(const Hook& hook, const Request& request, const RunContext& context);

}  // namespace lifeboat::backup
