#include "drill/first_form.h"

#include "crypto/hash.h"
#include "repository/certificate.h"
#include "repository/keys.h"

namespace lifeboat::drill {
namespace {

struct Parts {
  Json evidence;
  crypto::VerifyKey root;
  Bytes certificate;
  crypto::Signature value;
  repository::RepositoryId repository;
};

Result<Parts> read_parts(const Json& sealed) {
  Parts parts;
  parts.evidence = *TRY(member(sealed, "evidence"));
  const Json& signature = *TRY(member(sealed, "signature"));
  parts.root = TRY(crypto::VerifyKey::from_hex(TRY(text_at(signature, "root_public"))));
  parts.certificate = TRY(from_hex(TRY(text_at(signature, "certificate"))));
  parts.value = TRY(crypto::Signature::from(TRY(from_hex(TRY(text_at(signature, "value"))))));
  const Json& repository = *TRY(member(parts.evidence, "repository"));
  parts.repository = TRY(repository::RepositoryId::from_hex(TRY(text_at(repository, "id"))));
  return parts;
}

}  // namespace

Believed<SignedRecord> verify_first_form(const Json& sealed,
                                         const std::optional<crypto::VerifyKey>& expected) {
  auto parts = read_parts(sealed);
  if (!parts) return doubt(Defect::unreadable, parts.error().message());
  if (expected && *expected != parts->root)
    return doubt(Defect::other_key, "signed under another repository's key: " + parts->root.hex());
  const auto certificate =
      repository::read_certificate(parts->repository, parts->root.view(), parts->certificate);
  if (!certificate || !repository::may_read(certificate->role))
    return doubt(Defect::not_certified, "the repository does not vouch for who signed it");
  const auto text = canonical_json(parts->evidence);
  auto message = to_bytes("lifeboat 1 evidence");
  append(message, view_of(text));
  if (!crypto::verify(certificate->key, message, parts->value))
    return doubt(Defect::edited, "this is not what was signed: it was changed afterwards");
  return SignedRecord{std::move(parts->evidence), crypto::sha256(view_of(text)).hex(),
                      certificate->name, certificate->key.hex(), parts->root.hex()};
}

}  // namespace lifeboat::drill
