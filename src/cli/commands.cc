#include "cli/commands.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lifeboat::cli {

std::span<const OptionSpec> global_options() {
  static constexpr std::array kOptions{
      OptionSpec{"config", "FILE",
                 "The configuration; else LIFEBOAT_CONFIG, ./lifeboat.yaml, "
                 "/etc/lifeboat/lifeboat.yaml."},
      OptionSpec{"json", "", "Print events and the result as JSON, one a line."},
      OptionSpec{"no-color", "", "No colours; NO_COLOR does the same."},
      OptionSpec{"quiet", "", "Only the result, and errors.", false, "q"},
      OptionSpec{"verbose", "", "Say more; twice, say everything.", true, "v"},
      OptionSpec{"yes", "", "Go on without being asked.", false, "y"},
      OptionSpec{"lock-wait", "TIME",
                 "Wait so long for another run, such as 10m; else not at all."},
      OptionSpec{"help", "", "This text.", false, "h"},
  };
  return kOptions;
}

const std::vector<CommandSpec>& all_commands() {
  static const std::vector<CommandSpec> kCommands = [] {
    std::vector<CommandSpec> all;
    const auto add = [&](std::vector<CommandSpec> more) {
      std::move(more.begin(), more.end(), std::back_inserter(all));
    };
    add({init_command(), doctor_command(), backup_command()});
    add(snapshots_commands());
    add({restore_command()});
    add(drill_commands());
    add({sabotage_command()});
    add(evidence_commands());
    add(people_commands());
    add({verify_command(), forget_command(), prune_command(), status_command(), mark_command(),
         schedule_command()});
    add(export_commands());
    add(import_commands());
    add({import_mongodump_command()});
    add(log_commands());
    add(notify_commands());
    add(key_commands());
    add({version_command(), completion_command()});
    return all;
  }();
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  for (const auto& command : all_commands())
    if (command.name == name) return &command;
  return nullptr;
}

std::vector<const CommandSpec*> members_of(std::string_view group) {
  std::vector<const CommandSpec*> members;
  for (const auto& command : all_commands()) {
    const auto space = command.name.rfind(' ');
    const auto parent = space == std::string_view::npos ? "" : command.name.substr(0, space);
    if (parent == group) members.push_back(&command);
  }
  return members;
}

}  // namespace lifeboat::cli
