#include "engine/files/metadata.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxOwnerName = 255;

enum Flag : std::uint8_t { kSparse = 1, kLink = 2, kDevice = 4, kAttributes = 8 };
constexpr std::uint8_t kAllFlags = kSparse | kLink | kDevice | kAttributes;

std::uint8_t flags_of(const Metadata& metadata) {
  unsigned flags = 0;
  if (metadata.sparse) flags |= kSparse;
  if (!metadata.link.empty()) flags |= kLink;
  if (is_device(metadata)) flags |= kDevice;
  if (!metadata.attributes.empty()) flags |= kAttributes;
  return static_cast<std::uint8_t>(flags);
}

void put_short(ByteWriter& writer, std::string_view text) {
  text = text.substr(0, kMaxOwnerName);
  writer.u8(static_cast<std::uint8_t>(text.size())).raw(text);
}

void put_attributes(ByteWriter& writer, const std::vector<Attribute>& attributes) {
  writer.u16(static_cast<std::uint16_t>(attributes.size()));
  for (const auto& attribute : attributes) {
    put_short(writer, attribute.name);
    writer.sized(attribute.value);
  }
}

Failure corrupt(const char* what) {
  return fail(Code::corrupt, std::string("file metadata with ") + what);
}

Result<std::string> get_short(ByteReader& reader) {
  auto text = to_text(TRY(reader.raw(TRY(reader.u8()))));
  if (text.find('\0') != text.npos) return corrupt("a name that holds a NUL byte");
  return text;
}

Result<Attribute> get_attribute(ByteReader& reader) {
  Attribute attribute;
  attribute.name = TRY(get_short(reader));
  if (!keeps_attribute(attribute.name)) return corrupt("an attribute of an unknown kind");
  attribute.value = to_bytes(TRY(reader.sized(kMaxAttributeSize)));
  return attribute;
}

Result<std::vector<Attribute>> get_attributes(ByteReader& reader) {
  const std::size_t count = TRY(reader.u16());
  if (count == 0 || count > kMaxAttributes) return corrupt("an impossible number of attributes");
  std::vector<Attribute> attributes;
  for (std::size_t i = 0; i < count; ++i) {
    attributes.push_back(TRY(get_attribute(reader)));
    if (i > 0 && attributes[i - 1].name >= attributes[i].name)
      return corrupt("attributes out of order");
  }
  return attributes;
}

Result<std::string> get_link(ByteReader& reader) {
  auto link = TRY(reader.sized_text(kMaxLinkSize));
  if (link.empty() || link.find('\0') != link.npos) return corrupt("a link that leads nowhere");
  return link;
}

bool is_known_type(std::uint32_t mode) {
  const auto type = mode & S_IFMT;
  return type == S_IFREG || type == S_IFDIR || type == S_IFLNK || type == S_IFIFO ||
         type == S_IFCHR || type == S_IFBLK;
}

Result<void> get_fixed(ByteReader& reader, Metadata& metadata) {
  metadata.mode = TRY(reader.u32());
  if (!is_known_type(metadata.mode) || (metadata.mode >> 16U) != 0)
    return corrupt("an unknown type of file");
  metadata.uid = TRY(reader.u32());
  metadata.gid = TRY(reader.u32());
  metadata.user = TRY(get_short(reader));
  metadata.group = TRY(get_short(reader));
  return {};
}

bool fits(EntryKind kind, const Metadata& metadata) {
  const auto type = metadata.mode & S_IFMT;
  const bool linked = !metadata.link.empty();
  switch (kind) {
    case EntryKind::file:
      return type == S_IFREG && !linked;
    case EntryKind::directory:
      return type == S_IFDIR && !linked;
    case EntryKind::symlink:
      return type == S_IFLNK && linked;
    case EntryKind::hardlink:
      return type != S_IFDIR && linked;
    case EntryKind::special:
      return (type == S_IFIFO || is_device(metadata)) && !linked;
    default:
      return false;
  }
}

// "-rw-r--r--" as ls writes it.
std::string letters_of(std::uint32_t mode) {
  constexpr std::array<std::pair<std::uint32_t, char>, 6> kTypes{
      {{S_IFDIR, 'd'}, {S_IFLNK, 'l'}, {S_IFIFO, 'p'}, {S_IFCHR, 'c'}, {S_IFBLK, 'b'}, {0, 0}}};
  std::string text = "-rwxrwxrwx";
  for (const auto& [type, letter] : kTypes)
    if (letter != 0 && (mode & S_IFMT) == type) text[0] = letter;
  for (std::size_t bit = 0; bit < 9; ++bit)
    if ((mode & (0400U >> bit)) == 0) text[1 + bit] = '-';
  if (mode & S_ISUID) text[3] = mode & S_IXUSR ? 's' : 'S';
  if (mode & S_ISGID) text[6] = mode & S_IXGRP ? 's' : 'S';
  if (mode & S_ISVTX) text[9] = mode & S_IXOTH ? 't' : 'T';
  return text;
}

}  // namespace

bool keeps_attribute(std::string_view name) {
  for (const std::string_view space : {"user.", "security.", "trusted."})
    if (name.starts_with(space) && name.size() > space.size()) return true;
  return name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

bool is_device(const Metadata& metadata) {
  const auto type = metadata.mode & S_IFMT;
  return type == S_IFCHR || type == S_IFBLK;
}

Bytes encode_metadata(const Metadata& metadata) {
  ByteWriter writer;
  const auto flags = flags_of(metadata);
  writer.u8(kVersion).u8(flags).u32(metadata.mode).u32(metadata.uid).u32(metadata.gid);
  put_short(writer, metadata.user);
  put_short(writer, metadata.group);
  if (flags & kLink) writer.sized(metadata.link);
  if (flags & kDevice) writer.u32(metadata.device_major).u32(metadata.device_minor);
  if (flags & kAttributes) put_attributes(writer, metadata.attributes);
  return writer.take();
}

Result<Metadata> decode_metadata(ByteView bytes) {
  ByteReader reader(bytes);
  if (TRY(reader.u8()) != kVersion)
    return fail(Code::unsupported_format, "file metadata of a version this Lifeboat does not know");
  const unsigned flags = TRY(reader.u8());
  if ((flags & ~unsigned{kAllFlags}) != 0) return corrupt("unknown flags");
  Metadata metadata;
  TRY(get_fixed(reader, metadata));
  if (((flags & kDevice) != 0) != is_device(metadata)) return corrupt("a device that is none");
  metadata.sparse = (flags & kSparse) != 0;
  if (flags & kLink) metadata.link = TRY(get_link(reader));
  if (flags & kDevice) {
    metadata.device_major = TRY(reader.u32());
    metadata.device_minor = TRY(reader.u32());
  }
  if (flags & kAttributes) metadata.attributes = TRY(get_attributes(reader));
  TRY(reader.expect_end());
  return metadata;
}

Result<Metadata> metadata_of(const EntryInfo& entry) {
  auto metadata = TRY_CONTEXT(shown(entry.path), decode_metadata(entry.metadata));
  if (!fits(entry.kind, metadata))
    return fail(Code::corrupt,
                shown(entry.path) + ": its metadata is that of another kind of file");
  if (entry.kind == EntryKind::hardlink)
    TRY_CONTEXT(shown(entry.path) + ": its first name", check_path(metadata.link));
  return metadata;
}

std::string owner_label(const std::string& name, std::uint32_t id) {
  return name.empty() ? std::to_string(id) : name;
}

Result<std::string> describe_entry(const EntryInfo& entry) {
  const auto metadata = TRY(metadata_of(entry));
  auto line = letters_of(metadata.mode) + " " + owner_label(metadata.user, metadata.uid) + " " +
              owner_label(metadata.group, metadata.gid);
  if (entry.kind == EntryKind::symlink) line += " -> " + metadata.link;
  if (entry.kind == EntryKind::hardlink) line += " = " + metadata.link;
  return line;
}

}  // namespace lifeboat::engine::files
