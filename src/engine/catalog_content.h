#pragma once
// The catalog of a database as a snapshot holds it, put together piece by piece. One thread.
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace lifeboat::engine {

class CatalogContent {
 public:
  // `corrupt` when it is more than any catalog.
  Result<void> add(ByteView piece) {
    if (piece.size() > kLargest - bytes_.size())
      return fail(Code::corrupt, "the catalog is impossibly large");
    append(bytes_, piece);
    return {};
  }
  std::size_t size() const { return bytes_.size(); }
  Bytes take() { return std::move(bytes_); }

 private:
  static constexpr std::size_t kLargest = 1U << 30U;
  Bytes bytes_;
};

}  // namespace lifeboat::engine
