#pragma once
// The content that a chunk list names, as one sequence of bytes, fetched a window at a time. One
// thread at a time.
#include "repository/chunk_fetcher.h"

namespace lifeboat::repository {

class ChunkContent final : public Reader {
 public:
  // Both references must outlive the reader.
  ChunkContent(ChunkFetcher& fetcher, ChunkList chunks, const RunContext& context)
      : fetcher_(fetcher), chunks_(std::move(chunks)), context_(context) {}
  Result<std::size_t> read(ByteSpan into) override;

 private:
  Result<void> fetch_window();

  ChunkFetcher& fetcher_;
  ChunkList chunks_;
  const RunContext& context_;
  std::size_t next_ = 0;  // the first chunk after the window
  Bytes window_;
  std::size_t used_ = 0;
};

}  // namespace lifeboat::repository
