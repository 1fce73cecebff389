#pragma once
// Brings a backup that another tool made into a folder of ours, and says where in it the source is.
// The backup is read, never changed. Stateless.
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/run_context.h"
#include "engine/foreign/choose.h"

namespace lifeboat::engine::foreign {

struct Brought {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::vector<Finding> findings;
};

// Unpacks or copies the backup into the new folder `into`. `source_changed` when somebody still
// writes it.
Result<Brought> bring(const Options& options, const Candidate& backup, const std::string& into,
                      const RunContext& context);

// Has the command of the options fill the new folder `into`, with a home of its own beside it; what
// it left running is ended. `output` is what it wrote, without secrets, also when it failed:
// `command_failed`, `timed_out`, `damage_found` when it filled in nothing.
Result<Brought> have_brought(const Options& options, const std::string& into, std::string& output,
                             const RunContext& context);

// The source in what was brought: what kind of engine opens it, and where.
struct Inside {
  std::string type;  // "sqlite" "files"
  std::string place;
};
// `damage_found` when it is not there, or is not what it ought to be; links are not followed.
Result<Inside> find_inside(const Options& options, const std::string& into);

}  // namespace lifeboat::engine::foreign
