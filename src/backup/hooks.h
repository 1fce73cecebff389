#pragma once
// The commands that the configuration runs around a backup. Stateless.
#include "backup/backup.h"

namespace lifeboat::backup {

// An empty `command` is success. The hook sees LIFEBOAT_SERVICE, LIFEBOAT_HOOK and, after the
// backup, LIFEBOAT_RESULT. A failing hook is `command_failed` with the end of its output.
Result<void> run_hook(const std::string& name, const std::string& command, const Request& request,
                      std::string_view result, const RunContext& context);

}  // namespace lifeboat::backup
