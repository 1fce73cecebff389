#include "engine/sqlite/metadata.h"

#include <grp.h>
#include <pwd.h>

#include <array>

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLongestName = 256;
constexpr std::size_t kNameBuffer = 16U << 10U;

bool is_page_size(std::uint32_t size) {
  return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

// Names come from outside and go to a terminal.
bool is_printable(const std::string& name) {
  for (const char c : name)
    if (c <= ' ' || c == 0x7f) return false;
  return true;
}

Result<void> check(const Metadata& metadata) {
  if (metadata.mode > 07777 || !is_page_size(metadata.page_size) || metadata.page_count == 0 ||
      !is_printable(metadata.user) || !is_printable(metadata.group))
    return fail(Code::corrupt, "metadata of a database entry has impossible values");
  return {};
}

}  // namespace

Bytes encode_metadata(const Metadata& metadata) {
  ByteWriter writer;
  writer.u8(kVersion).u32(metadata.mode).u32(metadata.uid).u32(metadata.gid);
  writer.sized(metadata.user).sized(metadata.group).i64(metadata.modified_ns);
  writer.u32(metadata.page_size).u32(metadata.page_count);
  return writer.take();
}

Result<Metadata> decode_metadata(ByteView bytes) {
  ByteReader reader(bytes);
  if (TRY(reader.u8()) != kVersion)
    return fail(Code::unsupported_format, "metadata of a database entry is of a newer version");
  Metadata metadata;
  metadata.mode = TRY(reader.u32());
  metadata.uid = TRY(reader.u32());
  metadata.gid = TRY(reader.u32());
  metadata.user = TRY(reader.sized_text(kLongestName));
  metadata.group = TRY(reader.sized_text(kLongestName));
  metadata.modified_ns = TRY(reader.i64());
  metadata.page_size = TRY(reader.u32());
  metadata.page_count = TRY(reader.u32());
  TRY(reader.expect_end());
  TRY(check(metadata));
  return metadata;
}

std::string describe_metadata(const Metadata& metadata) {
  static constexpr std::string_view kLetters = "rwxrwxrwx";
  std::string line = "-";
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    line += (metadata.mode >> (kLetters.size() - 1 - i) & 1U) != 0 ? kLetters[i] : '-';
  const auto name = [](const std::string& text, std::uint32_t id) {
    return text.empty() ? std::to_string(id) : text;
  };
  return line + " " + name(metadata.user, metadata.uid) + " " + name(metadata.group, metadata.gid);
}

std::string user_name(std::uint32_t uid) {
  std::array<char, kNameBuffer> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  const std::string name = found == nullptr ? "" : found->pw_name;
  return name.size() <= kLongestName && is_printable(name) ? name : "";
}

std::string group_name(std::uint32_t gid) {
  std::array<char, kNameBuffer> buffer{};
  group entry{};
  group* found = nullptr;
  ::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found);
  const std::string name = found == nullptr ? "" : found->gr_name;
  return name.size() <= kLongestName && is_printable(name) ? name : "";
}

}  // namespace lifeboat::engine::sqlite
