#pragma once
// A copy of the application's files for one drill, which it may change. Stateless.
#include <filesystem>
#include <vector>

#include "base/run_context.h"

namespace lifeboat::drill {

// Folders, files and links; without what is `hidden`, and without sockets, pipes and devices.
// `no_space` when they are more than 4 GiB.
Result<void> copy_for_work(const std::filesystem::path& from, const std::filesystem::path& to,
                           const std::vector<std::filesystem::path>& hidden,
                           const RunContext& context);

}  // namespace lifeboat::drill
