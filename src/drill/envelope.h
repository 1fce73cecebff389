#pragma once
// DSSE envelopes (Dead Simple Signing Envelope 1.0): a payload that is signed as the bytes it is,
// so that nobody has to agree on a canonical form to check it. Pure.
#include <vector>

#include "base/json.h"
#include "crypto/hash.h"
#include "crypto/signature.h"

namespace lifeboat::drill {

inline constexpr std::string_view kStatementType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatement = "https://in-toto.io/Statement/v1";
constexpr std::size_t kMaxEnvelope = 64U << 20U;

struct Envelope {
  Bytes payload;
  std::vector<crypto::Signature> signatures;  // one at least
};

// The in-toto statement that says `predicate` of one subject.
Json make_statement(Json subject, std::string_view predicate_type, Json predicate);
// The pre-authentication encoding: what the key signs.
Bytes signed_form(ByteView payload);
Json make_envelope(ByteView payload, const crypto::VerifyKey& key,
                   const crypto::Signature& signature);
bool is_envelope(const Json& value);
// `corrupt` when it is none, or holds another type of payload. No signature is checked.
Result<Envelope> read_envelope(const Json& value);
// Whether one of the signatures is this key's.
bool is_signed_by(const Envelope& envelope, const crypto::VerifyKey& key);
// By which the record is known: SHA-256 of the payload.
crypto::Digest digest_of(const Envelope& envelope);

}  // namespace lifeboat::drill
