#pragma once
// Help texts, made from the commands' specifications. Pure.
#include <string>

#include "cli/command_spec.h"
#include "cli/terminal.h"

namespace lifeboat::cli {

// Everything, a group, or one command.
std::string help_text(const CommandSpec* command, const Terminal& terminal);

}  // namespace lifeboat::cli
