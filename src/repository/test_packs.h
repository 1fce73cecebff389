#pragma once
// For this room's tests: what lies in the packs of a TestPlace, and how much of it more than once.
#include "repository/config_object.h"
#include "repository/pack.h"
#include "repository/test_repository.h"
#include "repository/unlock.h"

namespace lifeboat::repository {

inline RoleKeys keys_in(TestPlace& place, const std::string& name) {
  const auto medium = place.medium();
  auto opened = unlock(*medium, *parse_config(place.object("config")), TestPlace::key_of(name));
  EXPECT_TRUE(opened) << opened.error().describe();
  return std::move(opened->keys);
}

// Of segments with a chunk that is in another one, too.
inline std::uint64_t bytes_stored_twice(TestPlace& place, const RoleKeys& keys) {
  const auto medium = place.medium();
  std::set<ChunkId> met;
  std::uint64_t twice = 0;
  for (const auto& key : place.keys("packs/")) {
    const auto pack = read_pack_directory(*medium, keys, *parse_pack_key(key));
    EXPECT_TRUE(pack) << pack.error().describe();
    for (const auto& segment : pack->directory.segments) {
      std::size_t fresh = 0;
      for (const auto& id : pack->directory.ids_of(segment)) fresh += met.insert(id).second ? 1 : 0;
      if (fresh < segment.chunks) twice += segment.shape.stored;
    }
  }
  return twice;
}

}  // namespace lifeboat::repository
