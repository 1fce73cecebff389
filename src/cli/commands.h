#pragma once
// One function for each file <name>_command.cc: the specifications it adds to the program. Pure.
#include "cli/command_spec.h"

namespace lifeboat::cli {

CommandSpec init_command();
CommandSpec doctor_command();
CommandSpec backup_command();
std::vector<CommandSpec> snapshots_commands();
CommandSpec restore_command();
std::vector<CommandSpec> drill_commands();
CommandSpec sabotage_command();
std::vector<CommandSpec> evidence_commands();
std::vector<CommandSpec> people_commands();
CommandSpec verify_command();
CommandSpec forget_command();
CommandSpec prune_command();
CommandSpec status_command();
CommandSpec mark_command();
std::vector<CommandSpec> log_commands();
CommandSpec schedule_command();
std::vector<CommandSpec> notify_commands();
std::vector<CommandSpec> key_commands();
std::vector<CommandSpec> export_commands();
std::vector<CommandSpec> import_commands();
CommandSpec import_mongodump_command();
CommandSpec version_command();
CommandSpec completion_command();

}  // namespace lifeboat::cli
