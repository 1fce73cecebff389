#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>

namespace lifeboat {

// mlock may be refused by a small RLIMIT_MEMLOCK; the bytes are still wiped, so go on.
Secret::Secret(std::size_t size) : bytes_(size) {
  if (size != 0) (void)mlock(bytes_.data(), size);
}

Secret::Secret(ByteView bytes) : Secret(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::move(other.bytes_);
  other.bytes_.clear();
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
  if (bytes_.empty()) return;
  lifeboat::wipe(bytes_);
  (void)munlock(bytes_.data(), bytes_.size());
}

void wipe(ByteSpan bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}
void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace lifeboat
