#pragma once
// Content that comes in pieces, as documents do, read as one stream. One thread at a time.
#include <algorithm>

#include "base/entry.h"

namespace lifeboat::engine::mongodb {

class JoinedReader : public Reader {
 public:
  Result<std::size_t> read(ByteSpan into) final {
    std::size_t filled = 0;
    while (filled < into.size()) {
      if (rest_.empty() && !TRY(take_next())) break;
      const auto part = std::min(rest_.size(), into.size() - filled);
      std::ranges::copy(rest_.first(part), into.begin() + static_cast<std::ptrdiff_t>(filled));
      rest_ = rest_.subspan(part);
      filled += part;
    }
    return filled;
  }

 private:
  // The next piece, as long as it is not called again; empty at the end, after which it is not.
  virtual Result<ByteView> next_piece() = 0;

  Result<bool> take_next() {
    if (!ended_) rest_ = TRY(next_piece());
    ended_ = rest_.empty();
    return !ended_;
  }

  ByteView rest_;  // of the piece that did not fit
  bool ended_ = false;
};

}  // namespace lifeboat::engine::mongodb
