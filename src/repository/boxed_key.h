#pragma once
// A key that was made for one object, sealed to each of those who may read: as it lies in sessions
// and pieces of a log (docs/format.md, section 4). Pure functions, thread-safe.
#include "repository/sealed.h"

namespace lifeboat::repository {

constexpr std::size_t kBoxedKeySize = 32;

struct KeyBox {
  ByteView recipient;  // X25519 public key
  ByteView box;
};

// Their number, then recipient and box of each.
Result<Bytes> box_key(const RoleKeys& keys, const Secret& key);
// Views into what is read. `corrupt` when there are more than anybody has.
Result<std::vector<KeyBox>> parse_boxes(ByteReader& reader);
// For a role that holds the repository's key pair; `wrong_key` for others. `of` is what the key
// opens: "snapshots".
Result<Secret> open_boxed_key(const RoleKeys& keys, const std::vector<KeyBox>& boxes,
                              const std::string& of);

}  // namespace lifeboat::repository
