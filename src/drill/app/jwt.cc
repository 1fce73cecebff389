#include "drill/app/jwt.h"

#include "crypto/hash.h"

namespace lifeboat::drill {
namespace {

// Without padding, as RFC 7515 wants it.
std::string base64url(ByteView bytes) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const auto byte : bytes) {
    bits = (bits << 8U) | byte;
    for (held += 8; held >= 6; held -= 6) text += kLetters[(bits >> (held - 6)) & 63U];
  }
  if (held > 0) text += kLetters[(bits << (6 - held)) & 63U];
  return text;
}

std::int64_t seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string sign_jwt(const std::string& key, Json claims, Time now, Duration lifetime) {
  if (!claims.contains("iat")) claims["iat"] = seconds_of(now);
  if (!claims.contains("exp")) claims["exp"] = seconds_of(now + lifetime);
  const Json header{{"alg", "HS256"}, {"typ", "JWT"}};
  const auto signed_part =
      base64url(view_of(canonical_json(header))) + "." + base64url(view_of(canonical_json(claims)));
  const auto signature = crypto::hmac_sha256(view_of(key), view_of(signed_part));
  return signed_part + "." + base64url(signature.view());
}

}  // namespace lifeboat::drill
