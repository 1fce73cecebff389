#pragma once
// What the files engine keeps of an entry besides its path, size and time: docs/format-engines.md.
// A value with its codec; bytes from outside are validated whole.
#include <string>
#include <vector>

#include "base/entry.h"

namespace lifeboat::engine::files {

struct Attribute {
  std::string name;  // "user.x", "system.posix_acl_access", "security.x", "trusted.x"
  Bytes value;
  bool operator==(const Attribute&) const = default;
};

struct Metadata {
  std::uint32_t mode = 0;  // st_mode, with the type
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;  // empty when the source's host had no name for it
  std::string group;
  bool sparse = false;
  std::string link;  // a symlink's target, or the first path of a hard link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::vector<Attribute> attributes;  // sorted by name
  bool operator==(const Metadata&) const = default;
};

constexpr std::size_t kMaxAttributes = 4096;
constexpr std::size_t kMaxAttributeSize = 64U << 10U;  // the kernel's own limit
constexpr std::size_t kMaxLinkSize = 1U << 20U;

// Whether this engine keeps attributes of that name.
bool keeps_attribute(std::string_view name);
bool is_device(const Metadata& metadata);

Bytes encode_metadata(const Metadata& metadata);
// `corrupt`, or `unsupported_format` when it is of a newer version. What is accepted encodes to the
// same bytes.
Result<Metadata> decode_metadata(ByteView bytes);
// The entry's metadata, which must also fit its kind; errors name the path.
Result<Metadata> metadata_of(const EntryInfo& entry);
// An owner as people name it: by the number where the source's host had no name for it.
std::string owner_label(const std::string& name, std::uint32_t id);
// Mode and owners as ls writes them, and where a link leads; errors as those of metadata_of.
Result<std::string> describe_entry(const EntryInfo& entry);

}  // namespace lifeboat::engine::files
