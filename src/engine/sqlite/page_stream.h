#pragma once
// The pages of a database, in order and byte for byte, as of the read transaction that a connection
// holds. The backup API copies them into a file that exists only as this stream: no second copy on
// disk, a few MB of memory, no writer blocked in WAL mode. One thread at a time; the connection
// must outlive it.
#include <memory>
#include <stop_token>

#include "base/entry.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

struct PageStreamOptions {
  Bytes page_one;  // its true bytes: the backup changes counters in it
  std::uint64_t page_count = 0;
  std::stop_token stop;
  std::uint64_t locked_at = 1ULL << 30U;  // where SQLite locks; tests move it
};

Result<std::unique_ptr<Reader>> open_page_stream(const Connection& source,
                                                 PageStreamOptions options);

}  // namespace lifeboat::engine::sqlite
