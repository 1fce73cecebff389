#pragma once
// What every fuzzer shares: how an input is cut up, and what happens when a parser breaks a
// promise. A parser under test may answer with any value or Error; a crash, a sanitizer's report,
// an escaped exception or a broken promise is a finding.
#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"

namespace lifeboat::fuzz {

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// The input, taken from the front: first what chooses, then what is parsed.
class Input {
 public:
  explicit Input(ByteView bytes) : rest_(bytes) {}

  // 0 to count - 1, from one byte; 0 when there is none left.
  unsigned choose(unsigned count) {
    if (rest_.empty()) return 0;
    const unsigned byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte % count;
  }
  ByteView rest() const { return rest_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
  }

 private:
  ByteView rest_;
};

}  // namespace lifeboat::fuzz

// The body of a fuzzer: LIFEBOAT_FUZZ(input) { … }, with `input` a lifeboat::fuzz::Input.
#define LIFEBOAT_FUZZ(input)                                                          \
  static void fuzz_one(lifeboat::fuzz::Input input);                                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_one(lifeboat::fuzz::Input(lifeboat::ByteView(data, size)));                  \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_one(lifeboat::fuzz::Input input)
