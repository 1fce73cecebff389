#pragma once
// The folder that a restore fills: opening or making it, refusing what must not be filled, and the
// marker that says in the folder itself that a restore did not end. Used by one thread.
#include <sys/stat.h>

#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/files/open_folders.h"

namespace lifeboat::engine::files {

struct TargetRoot {
  Folder folder;
  FileDescriptor marker;  // holds a lock while the restore runs
  struct stat status{};   // as it was found
  bool fresh = true;      // nothing of anybody is in it
  bool was_there = false;
  bool resumed = false;  // an earlier restore into it did not end
};

// `refused` for "/" and for a folder that holds things the options do not allow to change, `busy`
// while another restore fills it. The folder is private from now on, and its marker names the
// snapshot.
Result<TargetRoot> open_root(const TargetOptions& options);
// What the marker says of the restore that did not end: the id of its snapshot, empty where it
// names none or cannot be read. Nothing when there is no marker.
std::optional<std::string> unfinished_snapshot(const std::string& place);
// Takes the marker away; what was restored must be durable by now.
Result<void> remove_marker(TargetRoot& root);

}  // namespace lifeboat::engine::files
