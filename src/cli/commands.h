#pragma once
// One function for each file <name>_command.cc: the specifications it adds to the program.
#include "cli/command_spec.h"

namespace lifeboat::cli {

CommandSpec init_command();
CommandSpec doctor_command();
CommandSpec version_command();
CommandSpec completion_command();

}  // namespace lifeboat::cli
