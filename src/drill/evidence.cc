#include "drill/evidence.h"

#include <array>

#include "drill/envelope.h"
#include "drill/first_form.h"
#include "repository/certificate.h"
#include "repository/keys.h"

namespace lifeboat::drill {
namespace {

constexpr std::string_view kPredicateBegins = "urn:x-lifeboat:";

// What the record is about: a snapshot, which its hash names; a drill that found none is about the
// repository.
Json subject_of(const Json& evidence) {
  const auto snapshot = evidence.find("snapshot");
  if (snapshot == evidence.end())
    return {{"name", "repository"},
            {"digest", {{"lifeboatRepository", evidence["repository"]["id"]}}}};
  return {{"name", "snapshot of " + evidence.value("service", "")},
          {"digest", {{"sha256", snapshot->is_object() ? (*snapshot)["id"] : *snapshot}}}};
}

std::string predicate_type(const Json& evidence) {
  return std::string(kPredicateBegins) + evidence.value("kind", "") + ":1";
}

Json statement_of(Json evidence) {
  auto subject = subject_of(evidence);
  const auto type = predicate_type(evidence);
  return make_statement(std::move(subject), type, std::move(evidence));
}

// What a statement says, and under which keys.
struct Claim {
  Json evidence;
  crypto::VerifyKey key;
  crypto::VerifyKey root;
  Bytes certificate;
  repository::RepositoryId repository;
};

Result<Claim> read_claim(const Json& statement) {
  if (TRY(text_at(statement, "_type")) != kStatement)
    return fail(Code::corrupt, "not an in-toto statement of version 1");
  Claim claim;
  claim.evidence = *TRY(member(statement, "predicate"));
  const auto kind = TRY(text_at(claim.evidence, "kind"));
  if (TRY(text_at(statement, "predicateType")) != predicate_type(claim.evidence))
    return fail(Code::corrupt, "its type is not that of a " + kind);
  const Json& signer = *TRY(member(claim.evidence, "signer"));
  const Json& repository = *TRY(member(claim.evidence, "repository"));
  claim.key = TRY(crypto::VerifyKey::from_hex(TRY(text_at(signer, "public_key"))));
  claim.root = TRY(crypto::VerifyKey::from_hex(TRY(text_at(signer, "root_public"))));
  claim.certificate = TRY(from_hex(TRY(text_at(signer, "certificate"))));
  claim.repository = TRY(repository::RepositoryId::from_hex(TRY(text_at(repository, "id"))));
  return claim;
}

Believed<std::string> certified_name(const Claim& claim) {
  const auto certificate =
      repository::read_certificate(claim.repository, claim.root.view(), claim.certificate);
  if (!certificate || certificate->key != claim.key)
    return doubt(Defect::not_certified,
                 "the repository that it names does not vouch for the key that signed it");
  if (!repository::may_read(certificate->role))
    return doubt(Defect::not_certified,
                 "signed by \"" + certificate->name + "\", whose role cannot restore anything");
  return certificate->name;
}

Believed<SignedRecord> verify_claim(const Envelope& envelope, Claim claim,
                                    const std::optional<crypto::VerifyKey>& expected) {
  if (!is_signed_by(envelope, claim.key))
    return doubt(Defect::edited, "this is not what was signed: it was changed afterwards");
  if (expected && *expected != claim.root && *expected != claim.key)
    return doubt(Defect::other_key, "signed by the key " + claim.key.hex() + " of the repository " +
                                        claim.root.hex() + ", not by the one expected");
  auto name = certified_name(claim);
  if (!name) return tl::unexpected(std::move(name).error());
  return SignedRecord{std::move(claim.evidence), digest_of(envelope).hex(), std::move(*name),
                      claim.key.hex(), claim.root.hex()};
}

}  // namespace

std::string_view name_of(Defect defect) {
  static constexpr std::array<std::string_view, 8> kNames{
      "unreadable",    "edited", "other_key", "not_certified",
      "other_service", "gap",    "reordered", "replaced"};
  return kNames[static_cast<std::size_t>(defect)];
}

Result<Json> sign_evidence(const Json& evidence, repository::Repository& repository) {
  const auto certificate = TRY(repository::read_certificate(
      repository.id(), repository.root_public(), repository.certificate()));
  Json complete = evidence;
  complete["signer"] = {{"name", certificate.name},
                        {"public_key", certificate.key.hex()},
                        {"certificate", to_hex(repository.certificate())},
                        {"root_public", to_hex(repository.root_public())}};
  const auto payload = to_bytes(canonical_json(statement_of(std::move(complete))));
  const auto value = TRY(repository.sign(signed_form(payload)));
  return make_envelope(payload, certificate.key, TRY(crypto::Signature::from(value)));
}

Believed<SignedRecord> verify_evidence(const Json& sealed,
                                       const std::optional<crypto::VerifyKey>& expected) {
  if (!is_envelope(sealed)) return verify_first_form(sealed, expected);
  const auto envelope = read_envelope(sealed);
  if (!envelope) return doubt(Defect::unreadable, envelope.error().message());
  // A file that was cut is no envelope: here one is whole, and what it holds was tampered with.
  const auto statement = parse_json(to_text(envelope->payload), kMaxEnvelope);
  if (!statement) return doubt(Defect::edited, "what was signed can no longer be read");
  auto claim = read_claim(*statement);
  if (!claim) return doubt(Defect::unreadable, claim.error().message());
  return verify_claim(*envelope, std::move(*claim), expected);
}

}  // namespace lifeboat::drill
