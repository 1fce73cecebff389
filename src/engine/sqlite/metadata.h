#pragma once
// What a database entry carries beside its pages (docs/format-engines.md). Values only.
#include <string>

#include "base/entry.h"

namespace lifeboat::engine::sqlite {

struct Metadata {
  std::uint32_t mode = 0600;  // permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;  // their names where the backup was made, may be empty
  std::string group;
  std::int64_t modified_ns = 0;
  std::uint32_t page_size = 0;
  std::uint32_t page_count = 0;
  std::uint64_t size() const { return std::uint64_t{page_size} * page_count; }
};

Bytes encode_metadata(const Metadata& metadata);
// `corrupt` for anything that encode_metadata() does not write.
Result<Metadata> decode_metadata(ByteView bytes);
// "-rw-r----- app app"
std::string describe_metadata(const Metadata& metadata);

std::string user_name(std::uint32_t uid);
std::string group_name(std::uint32_t gid);

}  // namespace lifeboat::engine::sqlite
