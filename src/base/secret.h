#pragma once
// Bytes that must not reach a log, a swap file or freed memory. Move-only; not thread-safe.
#include "base/bytes.h"

namespace lifeboat {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size);
  explicit Secret(ByteView bytes);  // copies; wipe the original yourself
  static Secret from_text(std::string_view text) { return Secret(view_of(text)); }
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return Secret(view()); }
  ByteView view() const { return bytes_; }
  ByteSpan span() { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe();
  Bytes bytes_;
};

void wipe(ByteSpan bytes);
void wipe(std::string& text);

}  // namespace lifeboat
