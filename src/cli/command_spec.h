#pragma once
// What a command is called, what it takes and what it does: help, parser and completion come from
// it. Immutable.
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lifeboat::cli {

class Session;

struct OptionSpec {
  std::string_view name;   // "to" for --to
  std::string_view value;  // "DIR"; empty for a flag
  std::string_view about;
  bool repeated = false;
  std::string_view letter = {};  // "y" for -y
};

struct PositionalSpec {
  std::string_view name;  // "SERVICE"
  std::string_view about;
  bool required = true;
  bool repeated = false;
};

struct Example {
  std::string_view line;
  std::string_view about;
};

// The exit status, or an error that decides it.
using Run = Result<int> (*)(Session& session);

struct CommandSpec {
  std::string_view name;     // "drill run"
  std::string_view summary;  // one line, in lists
  std::string_view about;    // more of it, in its own help; may be empty
  std::vector<PositionalSpec> positionals;
  std::vector<OptionSpec> options;
  std::vector<Example> examples;
  Run run = nullptr;  // null for a group such as "drill"; "snapshots" has one, and members too
};

// Options that every command takes.
std::span<const OptionSpec> global_options();

// All commands in the order of help. A group comes before its members.
const std::vector<CommandSpec>& all_commands();
// Null when there is none of this name.
const CommandSpec* find_command(std::string_view name);
// Direct members: "drill run" of "drill"; the commands of the first level for "".
std::vector<const CommandSpec*> members_of(std::string_view group);

}  // namespace lifeboat::cli
