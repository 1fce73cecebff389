#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/secret.h"
#include "crypto/require.h"

namespace lifeboat::crypto {
namespace {

// OpenSSL counts in int.
constexpr std::size_t kMaxPiece = 1U << 30U;

const EVP_CIPHER* cipher_method() {
  static const EVP_CIPHER* const method = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  require(method != nullptr, "AES-256-GCM is not available");
  return method;
}

std::array<std::uint8_t, 12> nonce_of(std::uint64_t counter) {
  static_assert(std::endian::native == std::endian::little);
  std::array<std::uint8_t, 12> nonce{};
  std::memcpy(nonce.data() + 4, &counter, sizeof counter);
  return nonce;
}

}  // namespace

void Aead::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

Aead::Aead(ByteView key) : context_(EVP_CIPHER_CTX_new()) {
  require(key.size() == kKeySize, "an AES-256 key has 32 bytes");
  require(context_ != nullptr, "out of memory");
  require(EVP_EncryptInit_ex2(context_.get(), cipher_method(), key.data(), nullptr, nullptr) == 1,
          "AES-256-GCM cannot be keyed");
}

void Aead::seal(std::uint64_t counter, ByteView aad, ByteView plain, Bytes& out) {
  begin(counter, aad, true);
  const auto start = out.size();
  out.resize(start + plain.size() + kTagSize);
  transform(plain, out.data() + start);
  auto* const tag = out.data() + start + plain.size();
  int none = 0;
  require(EVP_CipherFinal_ex(context_.get(), tag, &none) == 1 &&
              EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1,
          "AES-256-GCM failed");
}

Result<void> Aead::open(std::uint64_t counter, ByteView aad, ByteView sealed, Bytes& out) {
  if (sealed.size() < kTagSize) return fail(Code::corrupt, "sealed data is too short");
  begin(counter, aad, false);
  const auto start = out.size();
  const auto cipher = sealed.first(sealed.size() - kTagSize);
  std::array<std::uint8_t, kTagSize> tag;
  std::copy_n(sealed.end() - kTagSize, kTagSize, tag.begin());
  require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1,
          "AES-256-GCM failed");
  out.resize(start + cipher.size());
  transform(cipher, out.data() + start);
  int none = 0;  // what the last call would append, were this not a stream mode
  if (EVP_CipherFinal_ex(context_.get(), tag.data(), &none) == 1) return {};
  wipe(ByteSpan(out).subspan(start));
  out.resize(start);
  return fail(Code::corrupt, "sealed data was changed, or sealed with another key");
}

void Aead::begin(std::uint64_t counter, ByteView aad, bool sealing) {
  const auto nonce = nonce_of(counter);
  require(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), sealing ? 1 : 0,
                             nullptr) == 1,
          "AES-256-GCM failed");
  require(aad.size() <= kMaxPiece, "too much associated data");
  int count = 0;
  if (aad.empty()) return;
  require(EVP_CipherUpdate(context_.get(), nullptr, &count, aad.data(),
                           static_cast<int>(aad.size())) == 1,
          "AES-256-GCM failed");
}

void Aead::transform(ByteView from, std::uint8_t* to) {
  while (!from.empty()) {
    const auto piece = from.first(std::min(from.size(), kMaxPiece));
    int count = 0;
    require(EVP_CipherUpdate(context_.get(), to, &count, piece.data(),
                             static_cast<int>(piece.size())) == 1,
            "AES-256-GCM failed");
    from = from.subspan(piece.size());
    to += piece.size();
  }
}

}  // namespace lifeboat::crypto
