#pragma once
// Unpacks an archive that somebody else made into an empty folder. Archives are hostile: what names
// a place outside, a device, a bomb, a broken checksum or half an archive gets its own error.
// Stateless; with pack.h the only user of libarchive.
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/file.h"
#include "base/run_context.h"
#include "engine/foreign/options.h"

namespace lifeboat::engine::foreign {

struct Unpacked {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::vector<Finding> findings;  // what was left out, bounded
};

// `corrupt` for a damaged or cut archive, `refused` for one that is unsafe or beyond the limits,
// `source_unreadable` for an encrypted one, which only its own tool can open.
Result<Unpacked> unpack(const FileDescriptor& archive, const Options& options,
                        const std::string& into, const RunContext& context);

// `refused` where anything was left out: for archives in which every link and device is somebody's
// own.
Result<void> refuse_left_out(const std::vector<Finding>& findings);

}  // namespace lifeboat::engine::foreign
