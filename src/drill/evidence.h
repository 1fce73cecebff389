#pragma once
// The signed record of a drill or a restore (docs/evidence.md): an in-toto statement in a DSSE
// envelope, and the certificate that ties its signer to the repository. Stateless.
#include <optional>

#include "base/json_value.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "repository/repository.h"

namespace lifeboat::drill {

// The envelope around `evidence`, to which the signer is added.
Result<Json> sign_evidence(const Json& evidence, repository::Repository& repository);

// A record whose signature is good.
struct SignedRecord {
  Json evidence;
  std::string digest;       // hex SHA-256 of what was signed: by it others name this record
  std::string signer;       // the name in the certificate
  std::string signer_key;   // hex
  std::string root_public;  // hex: the repository's key, which vouches for the signer
};

// Why a record, or a chain of them, is not believed. Each has its own next step.
enum class Defect : std::uint8_t {
  unreadable,     // cut, or not a record at all
  edited,         // not what was signed
  other_key,      // signed, but by a key that is not the one that was expected
  not_certified,  // signed, but the repository does not vouch for the signer
  other_service,  // a record of another service or repository: replayed
  gap,            // a record between two others is missing
  reordered,      // all are there, in another order than they were made
  replaced,       // it does not follow the record that stands before it
};
std::string_view name_of(Defect defect);

struct Doubt {
  Defect defect;
  std::string message;
};

template <class T>
using Believed = tl::expected<T, Doubt>;

inline tl::unexpected<Doubt> doubt(Defect defect, std::string message) {
  return tl::unexpected<Doubt>(Doubt{defect, std::move(message)});
}

// `expected` is the signer's key or the repository's root key as the reader knows it from
// elsewhere; without it only the record's agreement with itself is checked, and the caller must say
// so. Works without a repository.
Believed<SignedRecord> verify_evidence(const Json& sealed,
                                       const std::optional<crypto::VerifyKey>& expected);

}  // namespace lifeboat::drill
