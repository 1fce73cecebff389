#include "drill/evidence.h"

#include "repository/certificate.h"

namespace lifeboat::drill {
namespace {

// What is signed: a purpose, so that no other signature can pass for evidence, and the canonical
// text.
Bytes message_of(const Json& evidence) {
  auto message = to_bytes("lifeboat 1 evidence");
  append(message, view_of(canonical_json(evidence)));
  return message;
}

Result<Bytes> hex_at(const Json& object, std::string_view key) {
  return from_hex(TRY(text_at(object, key)));
}

Result<repository::RepositoryId> repository_of(const Json& evidence) {
  const Json* repository = TRY(member(evidence, "repository"));
  return repository::RepositoryId::from_hex(TRY(text_at(*repository, "id")));
}

Result<void> require_drill_role(repository::Role role) {
  if (role == repository::Role::admin || role == repository::Role::reader) return {};
  return fail(Code::check_failed, "signed by a role that cannot have restored anything");
}

}  // namespace

Result<Json> sign_evidence(const Json& evidence, repository::Repository& repository) {
  const auto value = TRY(repository.sign(message_of(evidence)));
  return Json{{"evidence", evidence},
              {"signature",
               {{"certificate", to_hex(repository.certificate())},
                {"root_public", to_hex(repository.root_public())},
                {"value", to_hex(value)}}}};
}

Result<VerifiedEvidence> verify_evidence(const Json& sealed, const std::string& expected_root) {
  const Json& evidence = *TRY(member(sealed, "evidence"));
  const Json& signature = *TRY(member(sealed, "signature"));
  const auto root = TRY(text_at(signature, "root_public"));
  if (!expected_root.empty() && root != expected_root)
    return fail(Error(Code::check_failed, "signed under another repository's key: " + root)
                    .with_hint("Compare with `lifeboat key list` of your repository."));
  const auto certificate = TRY(repository::read_certificate(
      TRY(repository_of(evidence)), TRY(from_hex(root)), TRY(hex_at(signature, "certificate"))));
  const auto value = TRY(crypto::Signature::from(TRY(hex_at(signature, "value"))));
  TRY(crypto::verify(certificate.key, message_of(evidence), value));
  TRY(require_drill_role(certificate.role));
  return VerifiedEvidence{evidence, certificate.name, root};
}

}  // namespace lifeboat::drill
