#pragma once
// Fills a folder from entries: see engine/engine.h for the contract. A hostile
// snapshot cannot make it write outside: every path is opened part by part below one descriptor,
// links not followed.
#include <memory>

#include "engine/engine.h"

namespace lifeboat::engine::files {

// What a folder is told beside what every target is.
struct FolderOrder {
  std::string snapshot = {};           // which one it is, for whoever finds it unfinished
  std::vector<std::string> kept = {};  // patterns of what is not deleted with the strangers
};

Result<std::unique_ptr<Target>> open_files_target(const TargetOptions& options,
                                                  FolderOrder order = {});

}  // namespace lifeboat::engine::files
