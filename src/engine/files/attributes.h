#pragma once
// Extended attributes (POSIX ACLs are among them) of one name in an open folder, links not
// followed, and of open files. Stateless functions; thread-safe.
#include <string>
#include <vector>

#include "engine/files/metadata.h"

namespace lifeboat::engine::files {

// Those this engine keeps, sorted by name; security.* and trusted.* as far as this user may read
// them. Empty where the file system has none. An empty `name` means the folder itself.
Result<std::vector<Attribute>> read_attributes(int folder, const std::string& name);
Result<std::vector<Attribute>> read_attributes(int file);

// Sets what differs and removes user attributes and ACLs that are not wanted. Returns the names
// that could not be set.
std::vector<std::string> sync_attributes(int file, const std::vector<Attribute>& wanted);
// The same for a link or special file, which cannot be opened; only sets.
std::vector<std::string> set_attributes(int folder, const std::string& name,
                                        const std::vector<Attribute>& wanted);

}  // namespace lifeboat::engine::files
