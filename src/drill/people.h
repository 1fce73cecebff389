#pragma once
// Signatures of persons on a drill's record: each a DSSE envelope of its own that names the record
// by its digest. Pure.
#include "drill/evidence.h"

namespace lifeboat::drill {

struct SignOff {
  std::string record;  // the digest of what is signed off
  std::string name;
  std::string role;
  std::string comment;
  std::string verdict;  // of the record, as the person read it
  Time time;
  std::string key;       // hex; filled in when it is signed
  bool revokes = false;  // takes back what the same key signed before
};

Result<Json> make_sign_off(SignOff said, const crypto::SigningKey& key);
// Under the key that it names; whose key that is must be known from elsewhere.
Believed<SignOff> read_sign_off(const Json& sealed);

// For people: {"name", "role", "comment", "time", "verdict", "key", "revoked"} of every sign-off of
// this record. What is not believed is not listed.
Json sign_offs_on(const std::string& record, const std::vector<repository::Statement>& statements);

}  // namespace lifeboat::drill
