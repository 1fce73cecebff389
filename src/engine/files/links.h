#pragma once
// Gives files their further names once all first names are there. Used by one thread.
#include <string>
#include <vector>

#include "base/run_context.h"
#include "engine/files/losses.h"
#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

struct HardLink {
  std::string path;
  std::string first;  // the path of the file it is another name of
};

void count_lost(const HardLink& link, Losses& losses);

// A first name that is not there is counted as a loss.
Result<void> make_hard_links(const std::vector<HardLink>& links, OpenFolders& folders,
                             Losses& losses, const RunContext& context);

}  // namespace lifeboat::engine::files
