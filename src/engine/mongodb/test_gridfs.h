#pragma once
// Documents as GridFS keeps them, with numbers for ids. For tests.
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb::testing {

inline Bytes file_of(std::int32_t id, const std::string& name, std::int64_t length,
                     std::int32_t chunk) {
  return DocumentBuilder()
      .int32("_id", id)
      .int64("length", length)
      .int32("chunkSize", chunk)
      .text("filename", name)
      .take();
}

inline std::int32_t id_of_chunk(std::int32_t file, std::int32_t n) { return file * 1000 + n; }

inline Bytes chunk_of(std::int32_t file, std::int32_t n, std::size_t size) {
  return DocumentBuilder()
      .int32("_id", id_of_chunk(file, n))
      .int64("files_id", file)
      .int32("n", n)
      .binary("data", Bytes(size, std::uint8_t{7}))
      .take();
}

}  // namespace lifeboat::engine::mongodb::testing
