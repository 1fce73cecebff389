#pragma once
// CRC-64 as mongodump's archives have it: ECMA-182 reflected, as in xz (poly 0xC96C5795D7870F42).
// A value; one thread at a time.
#include "base/bytes.h"

namespace lifeboat::exchange {

class Crc64 {
 public:
  void update(ByteView bytes);
  std::uint64_t value() const { return ~state_; }

 private:
  std::uint64_t state_ = ~0ULL;
};

}  // namespace lifeboat::exchange
