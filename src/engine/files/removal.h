#pragma once
// Removes what is in the way: never follows a link, never crosses into another file system.
// Stateless functions.
#include <functional>
#include <string>

#include "base/run_context.h"
#include "engine/files/losses.h"
#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

// One name with everything below it; what could not be removed is counted.
Result<void> remove_below(const Folder& parent, const std::string& path, Losses& losses,
                          const RunContext& context);

// Removes every path of the tree for which `is_stranger` says so, with all that is in it.
Result<void> remove_strangers(const Folder& root,
                              const std::function<bool(std::string_view)>& is_stranger,
                              Losses& losses, const RunContext& context);

}  // namespace lifeboat::engine::files
