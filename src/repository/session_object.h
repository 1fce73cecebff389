#pragma once
// The object `sessions/<writer>/<seq>`: who writes, since when, and the session key sealed to those
// who may read (docs/format.md, section 4). Pure functions, thread-safe.
#include "repository/boxed_key.h"

namespace lifeboat::repository {

struct SessionAbout {
  std::string host;
  std::string service;
  std::string version;
};

struct SessionObject {
  Time started;
  Duration patience{0};
  SessionAbout about;
  Signer signer;
  std::vector<KeyBox> boxes;  // views into the object
};

struct NewSession {
  SessionRef ref;
  Time started;
  Duration patience{0};
  SessionAbout about;
};

Result<Bytes> make_session(const RoleKeys& keys, const NewSession& session, const Secret& key,
                           Random& random);
// Signature, form and what K_index opens; all roles hold that.
Result<SessionObject> parse_session(const RoleKeys& keys, const SessionRef& ref, ByteView object);
// The session key, for a role that holds the repository's key pair; `wrong_key` for others.
Result<Secret> open_session_key(const RoleKeys& keys, const SessionObject& session);

}  // namespace lifeboat::repository
