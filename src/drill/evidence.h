#pragma once
// The signed record of a drill (docs/evidence.md): canonical JSON, an Ed25519 signature, and the
// certificate that ties the signer to the repository. Stateless.
#include "base/json_value.h"
#include "base/result.h"
#include "repository/repository.h"

namespace lifeboat::drill {

// {"evidence": …, "signature": {"certificate", "root_public", "value"}}
Result<Json> sign_evidence(const Json& evidence, repository::Repository& repository);

struct VerifiedEvidence {
  Json evidence;
  std::string signer;       // the name in the certificate
  std::string root_public;  // hex: the key that vouches for the signer
};

// Checks signature and certificate. `expected_root` (hex) is the repository's public key as the
// reader knows it from elsewhere; when empty only consistency is checked and the caller must say
// so. Works without a repository.
Result<VerifiedEvidence> verify_evidence(const Json& sealed, const std::string& expected_root);

}  // namespace lifeboat::drill
