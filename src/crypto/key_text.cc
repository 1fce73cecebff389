#include "crypto/key_text.h"

#include <array>

namespace lifeboat::crypto {
namespace {

// What comes before the 32 bytes in the DER of RFC 8410: the structure never varies.
constexpr std::array<std::uint8_t, 12> kPublicHead{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                   0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 16> kPrivateHead{0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                                    0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMaxText = 4096;

std::string without_spaces(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') kept += c;
  return kept;
}

std::string line_of(std::string_view which, std::string_view label) {
  return "-----" + std::string(which) + " " + std::string(label) + "-----";
}

// The text between "-----BEGIN LABEL-----" and its end, or nothing.
std::string_view body_of(std::string_view text, std::string_view label) {
  const auto first = line_of("BEGIN", label);
  const auto last = line_of("END", label);
  const auto begin = text.find(first);
  const auto end = text.find(last);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  return text.substr(begin + first.size(), end - begin - first.size());
}

bool begins_with(ByteView bytes, ByteView head) {
  return bytes.size() == head.size() + kKeySize &&
         std::equal(head.begin(), head.end(), bytes.begin());
}

// The 32 bytes of a PEM or hex text; wiping the copies is left to the caller's Secret.
Result<Bytes> key_bytes(std::string_view text, std::string_view label, ByteView head) {
  const auto refused = [&] {
    return fail(Error(Code::usage, "not an Ed25519 key: neither 64 hex digits nor PEM (" +
                                       std::string(label) + ")")
                    .with_hint("`openssl genpkey -algorithm ed25519` makes one, `openssl pkey "
                               "-pubout` prints its public part."));
  };
  if (text.size() > kMaxText) return refused();
  const auto body = body_of(text, label);
  if (body.empty()) {
    auto plain = from_hex(without_spaces(text));
    if (!plain || plain->size() != kKeySize) return refused();
    return plain;
  }
  auto der = from_base64(without_spaces(body));
  if (!der || !begins_with(*der, head)) return refused();
  Bytes key(der->begin() + static_cast<std::ptrdiff_t>(head.size()), der->end());
  wipe(*der);
  return key;
}

}  // namespace

Result<VerifyKey> parse_public_key(std::string_view text) {
  return VerifyKey::from(TRY(key_bytes(text, "PUBLIC KEY", kPublicHead)));
}

Result<SigningKey> parse_signing_key(std::string_view text) {
  auto bytes = TRY(key_bytes(text, "PRIVATE KEY", kPrivateHead));
  const Secret seed{ByteView(bytes)};
  wipe(bytes);
  return SigningKey::from_seed(seed);
}

std::string to_pem(const VerifyKey& key) {
  auto der = to_bytes(ByteView(kPublicHead));
  append(der, key.view());
  return line_of("BEGIN", "PUBLIC KEY") + "\n" + to_base64(der) + "\n" +
         line_of("END", "PUBLIC KEY") + "\n";
}

}  // namespace lifeboat::crypto
