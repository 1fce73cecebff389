#include "engine/mongodb/bson_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mongodb/bson_layout.h"

namespace lifeboat::engine::mongodb {

Result<void> BsonReader::feed(ByteView chunk, const Visit& visit) {
  if (!begun_.empty()) TRY(complete(chunk, visit));
  while (chunk.size() >= 4) {
    const auto size = TRY(size_of(chunk));
    if (size > chunk.size()) break;
    TRY(pass(chunk.first(size), visit));
    chunk = chunk.subspan(size);
  }
  append(begun_, chunk);
  return {};
}

Result<void> BsonReader::finish() const {
  if (begun_.empty()) return {};
  return fail(Code::corrupt, fmt::format("the documents end inside the one that begins at byte {}: "
                                         "{} bytes of it are there",
                                         position_, begun_.size()));
}

Result<std::size_t> BsonReader::size_of(ByteView start) const {
  const std::size_t size = little_endian_32(start);
  if (size >= kMinDocument && size <= most_) return size;
  return fail(Code::corrupt,
              fmt::format("not BSON: at byte {} a document claims {} bytes, of at least {} and at "
                          "most {}",
                          position_, size, kMinDocument, most_));
}

Result<void> BsonReader::complete(ByteView& chunk, const Visit& visit) {
  take(chunk, 4);
  if (begun_.size() < 4) return {};
  const auto size = TRY(size_of(begun_));
  begun_.reserve(size);  // growing, a document of 16 MiB would be there twice and a half
  take(chunk, size);
  if (begun_.size() < size) return {};
  TRY(pass(begun_, visit));
  begun_.clear();
  return {};
}

Result<void> BsonReader::pass(ByteView document, const Visit& visit) {
  const auto view =
      TRY_CONTEXT(fmt::format("the document at byte {}", position_), DocumentView::check(document));
  TRY(visit(view));
  ++documents_;
  position_ += document.size();
  return {};
}

void BsonReader::take(ByteView& chunk, std::size_t until) {
  if (begun_.size() >= until) return;
  const auto count = std::min(until - begun_.size(), chunk.size());
  append(begun_, chunk.first(count));
  chunk = chunk.subspan(count);
}

}  // namespace lifeboat::engine::mongodb
