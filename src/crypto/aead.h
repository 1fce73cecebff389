#pragma once
// AES-256-GCM (NIST SP 800-38D) under one key, with counter nonces. One thread at a time.
#include <memory>

#include "base/bytes.h"

struct evp_cipher_ctx_st;

namespace lifeboat::crypto {

// The caller makes sure of the one thing GCM needs: a counter is sealed with at most once for a
// key. That is why every sealed object derives a fresh key. Nonce: 4 zero bytes, then the counter
// as u64 little-endian.
class Aead {
 public:
  static constexpr std::size_t kKeySize = 32;
  static constexpr std::size_t kTagSize = 16;

  // `key` has exactly 32 bytes.
  explicit Aead(ByteView key);

  // Appends the ciphertext and its tag, plain.size() + 16 bytes, to `out`; neither `aad` nor
  // `plain` may lie in `out`.
  void seal(std::uint64_t counter, ByteView aad, ByteView plain, Bytes& out);

  // Appends the plaintext to `out`; `corrupt` when key, counter, aad or any byte differs, and `out`
  // is then as it was.
  Result<void> open(std::uint64_t counter, ByteView aad, ByteView sealed, Bytes& out);

 private:
  void begin(std::uint64_t counter, ByteView aad, bool sealing);
  void transform(ByteView from, std::uint8_t* to);

  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

}  // namespace lifeboat::crypto
