#pragma once
// Turns the words of the command line into a command and its arguments. Pure; the one file that
// knows the library.
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/command_spec.h"

namespace lifeboat::cli {

struct Invocation {
  const CommandSpec* command = nullptr;  // null: help about everything
  Arguments arguments;
  bool help = false;
};

// `words` without the program's name. `usage` names what was not understood and what was probably
// meant.
Result<Invocation> parse_words(const std::vector<std::string>& words);

}  // namespace lifeboat::cli
