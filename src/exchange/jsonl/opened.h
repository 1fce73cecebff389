#pragma once
// An archive of the JSONL scripts, or a folder that was one, opened without trusting it: unpacked
// into a folder of its own, with nothing in it but plain files. One thread at a time.
#include <memory>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::exchange::jsonl {

struct OpenedArchive {
  fs::path folder;                 // where the files lie
  std::vector<std::string> stems;  // of "<stem>.jsonl", in order
  bool has_metadata = false;
  std::uint64_t bytes = 0;  // of the files with lines
  std::vector<Finding> findings;
  // Gone with this, unless a place was given.
  std::unique_ptr<ScratchDirectory> scratch = {};
};

// `into`: a folder below which it is unpacked and kept; empty for one that goes away again.
// `refused` for links, devices, names that lead elsewhere or are not UTF-8, bombs and more than
// 100 000 entries; `corrupt` for what is no archive or damaged; `damage_found` when there is no
// file of a collection in it.
Result<OpenedArchive> open_archive(const fs::path& archive, const fs::path& into,
                                   const RunContext& context);

}  // namespace lifeboat::exchange::jsonl
