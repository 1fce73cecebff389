#include "crypto/derive.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

#include "crypto/require.h"

namespace lifeboat::crypto {
namespace {

constexpr std::size_t kMaxHkdfSize = 255UL * 32;
constexpr std::uint64_t kMinArgon2Memory = 8U << 10U;
constexpr std::size_t kPassphraseKeySize = 32;

struct FreeKdf {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

EVP_KDF* hkdf_method() {
  static EVP_KDF* const method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  require(method != nullptr, "HKDF is not available");
  return method;
}

// OSSL_PARAM serves reading and writing, and so has no const pointers; a null one is refused even
// for no bytes.
OSSL_PARAM octets(const char* name, ByteView bytes) {
  static std::uint8_t nothing = 0;
  auto* const at = bytes.empty() ? &nothing : const_cast<std::uint8_t*>(bytes.data());
  return OSSL_PARAM_construct_octet_string(name, at, bytes.size());
}

Result<void> check_cost(ByteView salt, const Argon2Cost& cost) {
  if (salt.size() != kArgon2SaltSize) return fail(Code::corrupt, "an Argon2id salt of wrong size");
  if (cost.memory_bytes < kMinArgon2Memory || cost.memory_bytes > kMaxArgon2Memory)
    return fail(Code::corrupt, "Argon2id memory outside 8 KiB to 1 GiB");
  if (cost.passes < 1 || cost.passes > kMaxArgon2Passes)
    return fail(Code::corrupt, "Argon2id passes outside 1 to 32");
  return {};
}

}  // namespace

Secret hkdf_sha256(ByteView key, ByteView salt, std::string_view info, std::size_t size) {
  require(!key.empty() && size > 0 && size <= kMaxHkdfSize, "HKDF used with sizes it has not");
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(hkdf_method()));
  require(context != nullptr, "out of memory");
  static char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name, 0),
      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, view_of(info)), OSSL_PARAM_construct_end()};
  Secret derived(size);
  require(EVP_KDF_derive(context.get(), derived.span().data(), size, parameters) == 1,
          "HKDF failed");
  return derived;
}

Result<Secret> argon2id(const Secret& passphrase, ByteView salt, const Argon2Cost& cost) {
  TRY(check_cost(salt, cost));
  require_sodium();
  Secret key(kPassphraseKeySize);
  // libsodium takes no null pointer, not even for an empty passphrase.
  const auto text = passphrase.empty() ? view_of("") : passphrase.view();
  const int status = crypto_pwhash(
      key.span().data(), key.size(), reinterpret_cast<const char*>(text.data()), text.size(),
      salt.data(), cost.passes, cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (status == 0) return key;
  return fail(Error(Code::unavailable, "not enough memory to derive the key from the passphrase")
                  .with_hint("Free " + std::to_string(cost.memory_bytes >> 20U) +
                             " MiB of memory and run the command again."));
}

}  // namespace lifeboat::crypto
