#pragma once
// Gives restored files their owner, attributes, mode and time, in the order in which none undoes
// another. What this user may not do is counted as a loss, never an error. Thread-safe.
#include <sys/stat.h>

#include <string>

#include "base/entry.h"
#include "base/file.h"
#include "engine/files/durability.h"
#include "engine/files/losses.h"
#include "engine/files/metadata.h"
#include "engine/files/owners.h"

namespace lifeboat::engine::files {

struct Properties {
  std::string path;  // for findings
  std::int64_t modified_ns = 0;
  Metadata metadata;
};

class PropertySetter {
 public:
  // With `inherits`, what is new may bear attributes of its folder, which are removed.
  PropertySetter(Losses& losses, Durability& durability, bool inherits)
      : losses_(losses), durability_(durability), inherits_(inherits) {}
  // An open file or folder, with its present status.
  void set(int file, const struct stat& now, const Properties& wanted, bool is_new);
  // A link or special file in an open folder.
  void set(int folder, const std::string& name, const Properties& wanted);

 private:
  struct Ids {
    uid_t uid;
    gid_t gid;
  };
  template <class Change>
  Ids set_owner(const Ids& now, const Properties& wanted, const Change& change);
  std::uint32_t mode_for(const Ids& owned, const Properties& wanted);
  void set_attributes(int file, const struct stat& now, const Properties& wanted);

  Losses& losses_;
  Durability& durability_;
  const bool inherits_;
  OwnerIds owners_;
};

}  // namespace lifeboat::engine::files
