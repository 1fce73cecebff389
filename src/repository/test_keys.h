#pragma once
// Keys for tests: quickly made and the same in every run. For tests of this room only.
#include <gtest/gtest.h>

#include <algorithm>

#include "repository/keys.h"

namespace lifeboat::repository {

inline RoleKeys test_keys(Role role, const std::string& name, std::uint8_t root_byte = 7) {
  SeededRandom random(1000U * root_byte + 10U * name.size() + static_cast<unsigned>(role));
  Secret root(32);
  std::ranges::fill(root.span(), root_byte);
  RoleGrant grant;
  grant.repository.bytes.fill(9);
  grant.config_hash.assign(32, 3);
  grant.role = role;
  grant.name = name;
  auto keys = grant_role(root, grant, random);
  EXPECT_TRUE(keys);
  return std::move(*keys);
}

}  // namespace lifeboat::repository
