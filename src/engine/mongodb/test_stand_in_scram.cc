// SCRAM-SHA-256 (RFC 5802, RFC 7677) from the side of a server, which knows the password itself.
#include "crypto/hash.h"
#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr unsigned kIterations = 4096;                              // the fewest that drivers take
constexpr std::string_view kSalt = "twenty-eight bytes as a salt";  // so long, drivers insist
constexpr std::string_view kServerNonce = "stand-in";

// Of a binary value: after its length and its kind.
std::string payload_of(DocumentView command) {
  constexpr std::size_t kBefore = 5;
  const auto payload = command.find("payload");
  return payload && payload->value.size() > kBefore ? to_text(payload->value.subspan(kBefore)) : "";
}

// "n,,n=anna,r=123": what stands after `r=`, until the next comma.
std::string part_of(const std::string& message, const std::string& name) {
  const auto text = "," + message;
  const auto at = text.find("," + name + "=");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return text.substr(begin, text.find(',', begin) - begin);
}

Bytes salted_password(const std::string& password) {
  crypto::Hmac keyed(view_of(password));
  auto block = to_bytes(kSalt);
  append(block, Bytes{0, 0, 0, 1});
  auto last = keyed.digest(block);
  auto sum = last;
  for (unsigned i = 1; i < kIterations; ++i) {
    last = keyed.digest(last.view());
    for (std::size_t at = 0; at < sum.bytes.size(); ++at) sum.bytes[at] ^= last.bytes[at];
  }
  return to_bytes(sum.view());
}

std::string proof_of(const Bytes& salted, const std::string& said) {
  auto key = crypto::hmac_sha256(salted, view_of(std::string_view("Client Key")));
  const auto stored = crypto::sha256(key.view());
  const auto signature = crypto::hmac_sha256(stored.view(), view_of(said));
  for (std::size_t at = 0; at < key.bytes.size(); ++at) key.bytes[at] ^= signature.bytes[at];
  return to_base64(key.view());
}

std::string signature_of(const Bytes& salted, const std::string& said) {
  const auto key = crypto::hmac_sha256(salted, view_of(std::string_view("Server Key")));
  return to_base64(crypto::hmac_sha256(key.view(), view_of(said)).view());
}

DocumentBuilder step(bool done, const std::string& payload) {
  DocumentBuilder reply;
  return reply.int32("conversationId", 1).boolean("done", done).binary("payload", view_of(payload));
}

}  // namespace

DocumentBuilder StandInModel::begin_scram(const Request& request) {
  const auto first = payload_of(request.command);
  request.client->claimed = part_of(first, "n");
  const auto answer = "r=" + part_of(first, "r") + std::string(kServerNonce) +
                      ",s=" + to_base64(view_of(kSalt)) + ",i=" + std::to_string(kIterations);
  request.client->said =
      first.substr(std::min(first.size(), std::string_view("n,,").size())) + "," + answer;
  return step(false, answer);
}

DocumentBuilder StandInModel::continue_scram(const Request& request) {
  const auto last = payload_of(request.command);
  const auto& claimed = request.client->claimed;
  const auto known = passwords_.find(claimed);
  const auto salted = salted_password(known == passwords_.end() ? "" : known->second);
  const auto said = request.client->said + "," + last.substr(0, last.rfind(",p="));
  if (known == passwords_.end() || part_of(last, "p") != proof_of(salted, said))
    throw Refusal{18, "AuthenticationFailed", "Authentication failed."};
  request.client->user = claimed;
  return step(true, "v=" + signature_of(salted, said));
}

}  // namespace lifeboat::engine::mongodb::testing
