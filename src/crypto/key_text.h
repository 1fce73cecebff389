#pragma once
// Ed25519 keys as people hand them around: 64 hex digits, or PEM as `openssl genpkey -algorithm
// ed25519` and `openssl pkey -pubout` write it (RFC 8410). Stateless, thread-safe.
#include "crypto/signature.h"

namespace lifeboat::crypto {

// `usage` when it is neither form.
Result<VerifyKey> parse_public_key(std::string_view text);
// A private key without a passphrase; `usage` when it is neither form.
Result<SigningKey> parse_signing_key(std::string_view text);

std::string to_pem(const VerifyKey& key);

}  // namespace lifeboat::crypto
