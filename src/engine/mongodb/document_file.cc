#include "engine/mongodb/document_file.h"

#include <fcntl.h>

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
  Bytes piece(kReadAtOnce);
  for (std::uint64_t at = 0; at < size_;) {
    const auto count = TRY(read_at(file_.get(), at, piece));
    if (count == 0) return fail(Code::io_error, "documents that were set aside are cut");
    TRY(reader.feed(ByteView(piece).first(count), visit));
    at += count;
  }
  return reader.finish();
}

}  // namespace lifeboat::engine::mongodb
