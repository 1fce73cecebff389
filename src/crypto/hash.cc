#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>

#include "crypto/require.h"

namespace lifeboat::crypto {
namespace {

// libmongoc begins OpenSSL before main(), which has it end after oneTBB told its threads to: both
// then touch what is just freed, and a program that was done dies. Here it ends before them.
[[maybe_unused]] const int kOpenSslEndsFirst = std::atexit(OPENSSL_cleanup);

// Fetched once for the process and never freed: OpenSSL's own clean-up at exit may come first.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(method != nullptr, "SHA-256 is not available");
  return method;
}

EVP_MAC* hmac_method() {
  static EVP_MAC* const method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(method != nullptr, "HMAC is not available");
  return method;
}

void key_context(EVP_MAC_CTX* context, ByteView key) {
  // OpenSSL takes a null key for "the key of before": an empty one needs an address of its own.
  static constexpr unsigned char kNoKey = 0;
  static char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_end()};
  const auto* bytes = key.empty() ? &kNoKey : key.data();
  require(EVP_MAC_init(context, bytes, key.size(), parameters) == 1, "HMAC cannot be keyed");
}

}  // namespace

Digest sha256(ByteView bytes) {
  Digest digest;
  require(EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, sha256_method(),
                     nullptr) == 1,
          "SHA-256 failed");
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView data) { return Hmac(key).digest(data); }

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr, "out of memory");
  reset();
}

void Sha256::update(ByteView bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA-256 failed");
}

Digest Sha256::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(context_.get(), digest.bytes.data(), nullptr) == 1, "SHA-256 failed");
  return digest;
}

void Sha256::reset() {
  require(EVP_DigestInit_ex2(context_.get(), sha256_method(), nullptr) == 1, "SHA-256 failed");
}

void Hmac::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

Hmac::Hmac(ByteView key) : context_(EVP_MAC_CTX_new(hmac_method())) {
  require(context_ != nullptr, "out of memory");
  key_context(context_.get(), key);
}

Digest Hmac::digest(ByteView data) {
  Digest digest;
  // Without a key the context goes back to the state just after it was keyed.
  require(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
              EVP_MAC_update(context_.get(), data.data(), data.size()) == 1 &&
              EVP_MAC_final(context_.get(), digest.bytes.data(), nullptr, digest.bytes.size()) == 1,
          "HMAC failed");
  return digest;
}

}  // namespace lifeboat::crypto
