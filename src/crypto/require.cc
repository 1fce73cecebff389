#include "crypto/require.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace lifeboat::crypto {

void require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "lifeboat: cryptography: %s\n", what);
  std::abort();
}

void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  require(ready, "libsodium cannot be initialised");
}

}  // namespace lifeboat::crypto
