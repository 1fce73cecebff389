#include "drill/envelope.h"

#include <algorithm>

#include "base/json_value.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kMaxSignatures = 16;

}  // namespace

Json make_statement(Json subject, std::string_view predicate_type, Json predicate) {
  return {{"_type", kStatement},
          {"subject", Json::array({std::move(subject)})},
          {"predicateType", predicate_type},
          {"predicate", std::move(predicate)}};
}

Bytes signed_form(ByteView payload) {
  auto form = to_bytes("DSSEv1 " + std::to_string(kStatementType.size()) + " " +
                       std::string(kStatementType) + " " + std::to_string(payload.size()) + " ");
  append(form, payload);
  return form;
}

Json make_envelope(ByteView payload, const crypto::VerifyKey& key,
                   const crypto::Signature& signature) {
  const Json signed_by{{"keyid", crypto::sha256(key.view()).hex()},
                       {"sig", to_base64(signature.view())}};
  return {{"payload", to_base64(payload)},
          {"payloadType", kStatementType},
          {"signatures", Json::array({signed_by})}};
}

bool is_envelope(const Json& value) { return value.is_object() && value.contains("payloadType"); }

Result<Envelope> read_envelope(const Json& value) {
  if (TRY(text_at(value, "payloadType")) != kStatementType)
    return fail(Code::corrupt, "another type of payload than " + std::string(kStatementType));
  Envelope envelope;
  envelope.payload = TRY(from_base64(TRY(text_at(value, "payload"))));
  const Json& signatures = *TRY(member(value, "signatures"));
  if (!signatures.is_array() || signatures.empty() || signatures.size() > kMaxSignatures)
    return fail(Code::corrupt, "not signed by 1 to " + std::to_string(kMaxSignatures) + " keys");
  for (const auto& each : signatures) {
    // Others may have signed it too, in their own way.
    auto ours = crypto::Signature::from(TRY(from_base64(TRY(text_at(each, "sig")))));
    if (ours) envelope.signatures.push_back(*ours);
  }
  if (envelope.signatures.empty()) return fail(Code::corrupt, "there is no Ed25519 signature");
  return envelope;
}

bool is_signed_by(const Envelope& envelope, const crypto::VerifyKey& key) {
  const auto message = signed_form(envelope.payload);
  return std::any_of(
      envelope.signatures.begin(), envelope.signatures.end(),
      [&](const auto& signature) { return crypto::verify(key, message, signature).has_value(); });
}

crypto::Digest digest_of(const Envelope& envelope) { return crypto::sha256(envelope.payload); }

}  // namespace lifeboat::drill
