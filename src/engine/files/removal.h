#pragma once
// Removes what is in the way: never follows a link, never crosses into another file system.
// Stateless functions.
#include <functional>
#include <string>

#include "base/run_context.h"
#include "engine/files/losses.h"
#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

class ExcludeRules;

// One name with everything below it; what could not be removed is counted.
Result<void> remove_below(const Folder& parent, const std::string& path, Losses& losses,
                          const RunContext& context);

struct Strangers {
  std::function<bool(std::string_view)> is_one;  // by its path
  const ExcludeRules* kept = nullptr;            // these never, nor what is in them
};

// Removes every stranger of the tree with all that is in it; a folder with something that is kept
// stays around it.
Result<void> remove_strangers(const Folder& root, const Strangers& strangers, Losses& losses,
                              const RunContext& context);

}  // namespace lifeboat::engine::files
