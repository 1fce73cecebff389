#include "repository/stream_cutter.h"

#include <algorithm>

namespace lifeboat::repository {

Result<void> StreamCutter::fill(SegmentBuffer& buffer, Reader& content) {
  cut_pending(buffer);
  while (!full(buffer) && !read_all_) {
    const auto got = TRY(content.read(buffer.room().first(kReadStep)));
    buffer.extend(got);
    read_all_ = got < kReadStep;
    cut_pending(buffer);
  }
  ended_ = read_all_ && buffer.pending().empty();
  return {};
}

std::size_t StreamCutter::take(SegmentBuffer& buffer, ByteView bytes) {
  std::size_t taken = 0;
  cut_pending(buffer);
  while (!full(buffer) && taken < bytes.size()) {
    const auto piece = bytes.subspan(taken, std::min(bytes.size() - taken, kReadStep));
    std::ranges::copy(piece, buffer.room().begin());
    buffer.extend(piece.size());
    taken += piece.size();
    cut_pending(buffer);
  }
  return taken;
}

void StreamCutter::end(SegmentBuffer& buffer) {
  read_all_ = true;
  cut_pending(buffer);
  ended_ = buffer.pending().empty();
}

void StreamCutter::cut_pending(SegmentBuffer& buffer) {
  while (!full(buffer)) {
    const auto length = chunker_.cut(buffer.pending(), read_all_);
    if (length == 0) return;
    buffer.close_chunk(length);
  }
}

}  // namespace lifeboat::repository
