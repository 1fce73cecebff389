#include "engine/mongodb/document_file.h"

#include <fcntl.h>

#include <algorithm>

#include "engine/mongodb/bson_reader.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kReadAtOnce = 1U << 20U;

}  // namespace

Result<DocumentFile> DocumentFile::make() {
  auto folder = TRY(ScratchDirectory::make());
  auto file = TRY(open_file(folder.path() / "documents", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC));
  return DocumentFile(std::move(folder), std::move(file));
}

Result<void> DocumentFile::append(ByteView bytes) {
  TRY(write_at(file_.get(), size_, bytes));
  size_ += bytes.size();
  return {};
}

Result<void> DocumentFile::each(const std::function<Result<void>(DocumentView)>& visit) const {
  BsonReader reader;
  TRY(read(0, size_, [&](ByteView piece) { return reader.feed(piece, visit); }));
  return reader.finish();
}

Result<void> DocumentFile::read(std::uint64_t at, std::uint64_t size, const Take& take) const {
  Bytes piece(std::min<std::uint64_t>(size, kReadAtOnce));
  for (const auto end = at + size; at < end;) {
    const auto wanted = std::min<std::uint64_t>(end - at, piece.size());
    const auto count = TRY(read_at(file_.get(), at, ByteSpan(piece).first(wanted)));
    if (count == 0) return fail(Code::io_error, "documents that were set aside are cut");
    TRY(take(ByteView(piece).first(count)));
    at += count;
  }
  return {};
}

}  // namespace lifeboat::engine::mongodb
