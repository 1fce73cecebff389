#pragma once
// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). The functions are thread-safe; an object of a
// class belongs to one thread at a time.
#include <memory>

#include "base/id.h"

struct evp_md_ctx_st;
struct evp_mac_ctx_st;

namespace lifeboat::crypto {

struct DigestTag;
using Digest = Id<DigestTag, 32>;

Digest sha256(ByteView bytes);
Digest hmac_sha256(ByteView key, ByteView data);

// SHA-256 of what arrives in pieces.
class Sha256 {
 public:
  Sha256();
  void update(ByteView bytes);
  // The digest of everything since construction or the last reset(); then only reset() may follow.
  Digest finish();
  void reset();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// HMAC-SHA-256 keyed once and used many times, as for chunk ids: no key set-up for each message.
class Hmac {
 public:
  explicit Hmac(ByteView key);
  Digest digest(ByteView data);

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

}  // namespace lifeboat::crypto
