#include "service/evidence_calls.h"

#include "base/file.h"
#include "crypto/key_text.h"
#include "drill/chain.h"
#include "drill/envelope.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kLargestPublicKey = 4096;

Result<std::optional<crypto::VerifyKey>> key_of(const Setup& setup, const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (auto key = crypto::parse_public_key(text)) return std::optional(*key);
  const auto file = setup.working_directory / text;
  auto bytes = read_file(file, kLargestPublicKey);
  if (!bytes)
    return fail(Error(Code::usage, "\"" + text + "\" is neither a key nor a file that holds one")
                    .with_hint("Give 64 hex digits, or a PEM file of an Ed25519 public key."));
  return std::optional(TRY_CONTEXT(file.string(), crypto::parse_public_key(to_text(*bytes))));
}

using drill::Believed;
using drill::Defect;
using drill::Doubt;
using drill::SignedRecord;

// A file that cannot be read is an error of the call; what is in it is judged.
Result<Believed<SignedRecord>> read_record(const std::filesystem::path& file,
                                           const std::optional<crypto::VerifyKey>& key) {
  const auto text = to_text(TRY(read_file(file, drill::kMaxEnvelope)));
  const auto sealed = parse_json(text, drill::kMaxEnvelope);
  if (!sealed)
    return drill::doubt(Defect::unreadable,
                        "it was cut, or is no record: " + sealed.error().message());
  return drill::verify_evidence(*sealed, key);
}

Json record_json(const SignedRecord& record, const std::string& file) {
  return {{"file", file},
          {"evidence", record.evidence},
          {"digest", record.digest},
          {"signer", record.signer},
          {"signer_key", record.signer_key},
          {"root_public", record.root_public}};
}

Answer doubted(Answer answer, const std::string& file, const Doubt& doubt) {
  answer.body["doubt"] = {
      {"file", file}, {"defect", drill::name_of(doubt.defect)}, {"message", doubt.message}};
  answer.exit_status = 1;
  return answer;
}

std::optional<Doubt> other_service(const SignedRecord& record, const std::string& wanted) {
  const auto service = record.evidence.value("service", "");
  if (wanted.empty() || service == wanted) return std::nullopt;
  return Doubt{Defect::other_service, "it is a record of the service " + service};
}

}  // namespace

Result<Answer> verify_evidence(const Setup& setup, const VerifyCall& call) {
  const auto key = TRY(key_of(setup, call.key));
  Answer answer{{{"records", Json::array()}, {"key_known", key.has_value()}}, 0};
  std::vector<SignedRecord> records;
  for (const auto& each : call.files) {
    const auto file = (setup.working_directory / each).string();
    auto record = TRY_CONTEXT(file, read_record(file, key));
    if (!record) return doubted(std::move(answer), file, record.error());
    if (auto doubt = other_service(*record, call.service))
      return doubted(std::move(answer), file, *doubt);
    answer.body["records"].push_back(record_json(*record, file));
    records.push_back(std::move(*record));
  }
  if (records.size() < 2) return answer;
  const auto whole = drill::verify_chain(records);
  return whole ? answer : doubted(std::move(answer), "chain", whole.error());
}

}  // namespace lifeboat::service
