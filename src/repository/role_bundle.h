#pragma once
// The JSON in a key slot: what one role holds (docs/format.md, section 3). Pure functions.
#include "repository/keys.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxBundle = 64U << 10U;

// Canonical JSON; wipe it after use.
std::string encode_bundle(const RoleKeys& keys);
// Checks that every key fits the others and the certificate; then derives what an admin's root
// gives.
Result<RoleKeys> decode_bundle(ByteView plain);

}  // namespace lifeboat::repository
