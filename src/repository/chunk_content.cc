#include "repository/chunk_content.h"

#include <algorithm>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kReadWindow = 8U << 20U;

}  // namespace

Result<std::size_t> ChunkContent::read(ByteSpan into) {
  std::size_t done = 0;
  while (done < into.size()) {
    if (used_ == window_.size()) {
      if (next_ == chunks_.size()) break;
      TRY(fetch_window());
    }
    const auto part = std::min(into.size() - done, window_.size() - used_);
    std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(used_), part,
                into.begin() + static_cast<std::ptrdiff_t>(done));
    used_ += part;
    done += part;
  }
  return done;
}

// A request's tag is where its chunk begins in the window.
Result<void> ChunkContent::fetch_window() {
  std::vector<ChunkRequest> requests;
  std::size_t size = 0;
  for (; next_ < chunks_.size() && size < kReadWindow; ++next_) {
    if (chunks_[next_].length == 0 || chunks_[next_].length > kMaxChunk)
      return fail(Code::corrupt, "a chunk of an impossible length");
    requests.push_back({chunks_[next_], size});
    size += chunks_[next_].length;
  }
  window_.resize(size);
  used_ = 0;
  return fetcher_.fetch(
      requests,
      [&](std::uint64_t tag, ByteView chunk) -> Result<void> {
        std::copy(chunk.begin(), chunk.end(), window_.begin() + static_cast<std::ptrdiff_t>(tag));
        return {};
      },
      context_);
}

}  // namespace lifeboat::repository
