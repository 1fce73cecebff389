#pragma once
// What a role holds, and how a role's keys are made from the repository's root (docs/format.md,
// section 3). Values; safe to read from several threads once made.
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "repository/types.h"

namespace lifeboat::repository {

// One role's keys as opened from its slot, with everything derived. A secret that the role does not
// hold is empty: see the table of role bundles.
struct RoleKeys {
  RepositoryId repository;
  Role role = Role::admin;
  std::string name;
  Bytes config_hash;    // of the config object, 32 bytes
  WriterId writer;      // this signer's id, for every role
  Secret root;          // admin
  Secret chunk_id;      // K_id: admin, writer, reader
  Secret cut;           // K_cut: admin, writer, reader
  Secret index;         // K_index: all
  Secret box_seed;      // opens session keys: admin, reader
  Secret signing_seed;  // this role's own
  Bytes certificate;
  Bytes root_public;              // 32 bytes
  std::vector<Bytes> recipients;  // X25519 public keys, the repository's own first
};

struct RoleGrant {
  RepositoryId repository;
  Bytes config_hash;
  Role role = Role::admin;
  std::string name;
  std::vector<Bytes> more_recipients;  // beside the repository's own (escrow)
};

// Everything the role may hold, from the 32 bytes of root, with a fresh signing key and its
// certificate.
Result<RoleKeys> grant_role(const Secret& root, const RoleGrant& grant, Random& random);

// Derives what keys.role may hold; keys.repository is set.
void fill_from_root(RoleKeys& keys, const Secret& root);

// Finds the session keys with which segments and bodies were sealed. Thread-safe.
class SessionKeys {
 public:
  virtual ~SessionKeys() = default;
  // `wrong_key` for a role that may not read, `not_found` or `corrupt` when the session object is.
  virtual Result<std::shared_ptr<const Secret>> find(const SessionRef& session) = 0;
};

std::string_view name_of(Role role);

// Only these hold what opens contents.
inline bool may_read(Role role) { return role == Role::admin || role == Role::reader; }

}  // namespace lifeboat::repository
