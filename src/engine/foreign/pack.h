#pragma once
// Packs files of one folder into a tar that every tool reads. Stateless.
#include <string>
#include <vector>

#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::engine::foreign {

enum class Packing : std::uint8_t { tar, tar_gz };

struct Package {
  fs::path folder;
  std::vector<std::string> names;  // of files in it, in the order of the tar
  Packing packing = Packing::tar;
};

// The files, at the tar's root, into a new and open file, which is not synced yet.
// `source_changed` when one of them changes its size meanwhile.
Result<void> pack(const Package& package, const FileDescriptor& into, const RunContext& context);

}  // namespace lifeboat::engine::foreign
