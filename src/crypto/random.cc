#include "crypto/random.h"

#include <sodium.h>

#include "crypto/require.h"

namespace lifeboat::crypto {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(ByteSpan into) override { randombytes_buf(into.data(), into.size()); }
};

}  // namespace

Random& system_random() {
  require_sodium();
  static SystemRandom random;
  return random;
}

bool constant_time_equal(ByteView one, ByteView other) {
  return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace lifeboat::crypto
