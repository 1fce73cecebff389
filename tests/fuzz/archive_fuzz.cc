// Archives of mongodump, which come from anywhere.
#include "exchange/archive_reader.h"
#include "fuzz/fuzz.h"

namespace lifeboat::exchange {
namespace {

struct Counted : ArchiveVisitor {
  std::uint64_t documents = 0;
  std::uint64_t completed = 0;

  Result<void> head(const ArchiveHead&) override { return {}; }
  Result<void> collection(const ArchiveCollection& collection) override {
    fuzz::promise(!collection.collection.empty(), "a collection has a name");
    return {};
  }
  Result<void> document(const ArchiveCollection&, engine::mongodb::DocumentView) override {
    ++documents;
    return {};
  }
  Result<void> complete(const ArchiveCollection&, std::uint64_t count) override {
    completed += count;
    return {};
  }
};

// How many documents there were; nothing for an archive that is not whole.
std::optional<std::uint64_t> read_in_chunks(ByteView archive, std::size_t size) {
  ArchiveReader reader;
  Counted counted;
  for (; !archive.empty(); archive = archive.subspan(std::min(size, archive.size())))
    if (!reader.feed(archive.first(std::min(size, archive.size())), counted)) return std::nullopt;
  if (!reader.finish()) return std::nullopt;
  return counted.documents;
}

}  // namespace
}  // namespace lifeboat::exchange

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::exchange;
  const std::size_t size = 1 + input.choose(64);
  lifeboat::fuzz::promise(read_in_chunks(input.rest(), size) == read_in_chunks(input.rest(), 4096),
                          "chunks do not change what is read");
}
