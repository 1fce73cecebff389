#include "drill/people.h"

#include <algorithm>

#include "drill/envelope.h"

namespace lifeboat::drill {
namespace {

constexpr std::string_view kSignOffPredicate = "urn:x-lifeboat:sign-off:1";
constexpr std::size_t kMaxText = 4000;

Json sign_off_statement(const SignOff& said) {
  Json predicate{{"kind", "sign-off"},      {"name", said.name},
                 {"role", said.role},       {"comment", said.comment},
                 {"verdict", said.verdict}, {"time", to_rfc3339(said.time)},
                 {"public_key", said.key},  {"revokes", said.revokes}};
  return make_statement({{"name", "record of a drill"}, {"digest", {{"sha256", said.record}}}},
                        kSignOffPredicate, std::move(predicate));
}

Result<std::string> short_text(const Json& object, std::string_view key) {
  auto text = TRY(text_at(object, key));
  if (text.size() > kMaxText) return fail(Code::corrupt, std::string(key) + " is too long");
  return text;
}

Result<SignOff> read_statement(const Json& statement) {
  if (TRY(text_at(statement, "predicateType")) != kSignOffPredicate)
    return fail(Code::corrupt, "not a sign-off");
  const Json& subject = *TRY(member(statement, "subject"));
  if (!subject.is_array() || subject.size() != 1)
    return fail(Code::corrupt, "a sign-off is about one record");
  const Json& predicate = *TRY(member(statement, "predicate"));
  SignOff said;
  said.record = TRY(text_at(*TRY(member(subject[0], "digest")), "sha256"));
  said.name = TRY(short_text(predicate, "name"));
  said.role = TRY(short_text(predicate, "role"));
  said.comment = TRY(short_text(predicate, "comment"));
  said.verdict = TRY(short_text(predicate, "verdict"));
  said.time = TRY(parse_rfc3339(TRY(text_at(predicate, "time"))));
  said.key = TRY(text_at(predicate, "public_key"));
  said.revokes = *TRY(member(predicate, "revokes")) == true;
  return said;
}

Json sign_off_json(const SignOff& said, bool revoked) {
  return {{"name", said.name},       {"role", said.role}, {"comment", said.comment},
          {"verdict", said.verdict}, {"key", said.key},   {"time", to_rfc3339(said.time)},
          {"revoked", revoked}};
}

}  // namespace

Result<Json> make_sign_off(SignOff said, const crypto::SigningKey& key) {
  if (said.name.empty() || said.role.empty())
    return fail(Code::usage, "a sign-off needs a name and a role");
  for (const auto* text : {&said.name, &said.role, &said.comment})
    if (text->size() > kMaxText) return fail(Code::usage, "a text of a sign-off is too long");
  said.key = key.verify_key().hex();
  const auto payload = to_bytes(canonical_json(sign_off_statement(said)));
  return make_envelope(payload, key.verify_key(), key.sign(signed_form(payload)));
}

Believed<SignOff> read_sign_off(const Json& sealed) {
  const auto envelope = read_envelope(sealed);
  if (!envelope) return doubt(Defect::unreadable, envelope.error().message());
  const auto statement = parse_json(to_text(envelope->payload), kMaxEnvelope);
  if (!statement) return doubt(Defect::edited, "what was signed can no longer be read");
  auto said = read_statement(*statement);
  if (!said) return doubt(Defect::unreadable, said.error().message());
  const auto key = crypto::VerifyKey::from_hex(said->key);
  if (!key || !is_signed_by(*envelope, *key))
    return doubt(Defect::edited, "this is not what was signed: it was changed afterwards");
  return std::move(*said);
}

Json sign_offs_on(const std::string& record, const std::vector<repository::Statement>& statements) {
  std::vector<SignOff> all;
  for (const auto& statement : statements) {
    const auto envelope = statement.body.find("envelope");
    if (envelope == statement.body.end()) continue;
    auto said = read_sign_off(*envelope);
    if (said && said->record == record) all.push_back(std::move(*said));
  }
  Json list = Json::array();
  for (const auto& said : all) {
    if (said.revokes) continue;
    const bool revoked = std::any_of(all.begin(), all.end(), [&](const auto& other) {
      return other.revokes && other.key == said.key && other.time >= said.time;
    });
    list.push_back(sign_off_json(said, revoked));
  }
  return list;
}

}  // namespace lifeboat::drill
