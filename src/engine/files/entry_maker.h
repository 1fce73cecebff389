#pragma once
// Turns what a walk visits into entries: the same for a live source and for what a restore made of
// it, so that their facts can be compared. Used by one thread; walk order decides which name of a
// hard link is the first.
#include <map>
#include <optional>

#include "engine/files/metadata.h"
#include "engine/files/owners.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {

struct Made {
  EntryInfo info;
  Metadata metadata;  // info.metadata is its encoding
};

class EntryMaker {
 public:
  explicit EntryMaker(Findings& findings) : findings_(findings) {}
  // Nothing for a socket and for what vanished meanwhile: then there is a finding.
  std::optional<Made> make(const Visit& visit);

 private:
  struct FirstName {
    std::string path;
    nlink_t names_left = 0;
  };
  std::optional<EntryKind> kind_of(const Visit& visit);
  // The path by which this inode was met before; only files with several names are remembered.
  std::optional<std::string> first_name(const Visit& visit);
  bool read_link(const Visit& visit, std::string& target);
  void read_attributes_of(const Visit& visit, Metadata& metadata);

  Findings& findings_;
  OwnerNames names_;
  std::map<std::pair<dev_t, ino_t>, FirstName> first_names_;
};

std::int64_t nanoseconds(const timespec& time);

}  // namespace lifeboat::engine::files
