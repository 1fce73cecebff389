// The cached index table: as a file of any bytes, and with pages whose checksums are right around
// records that nobody wrote. Whatever it is, the repository's own index is found beside it.
#include <fcntl.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "repository/index_table.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kSections = 5 * sizeof(Section);  // in a table's header
constexpr std::uint64_t kVersion = 2;
constexpr WriterId kOwner{{1}};
constexpr IndexName kObject{{7}};

const fs::path& cache() {
  static const ScratchDirectory kFolder =
      ScratchDirectory::make(fs::is_directory("/dev/shm") ? "/dev/shm" : "").value();
  static const fs::path kPath = kFolder.path();
  return kPath;
}

// One pack of one segment of one chunk.
Bytes index_object() {
  PackDirectory directory;
  directory.births.push_back({{{2}}, {kOwner, 1}, {{3}}});
  PackSegment segment;
  segment.shape = {0, 116, 100, Method::stored};
  segment.offset = static_cast<std::uint32_t>(directory.end());
  segment.chunks = 1;
  directory.segments.push_back(segment);
  directory.ids.push_back({{4}});
  const auto plain = encode_directory(directory);
  IndexText text;
  text.add({{{5}}, directory.end() + 200, plain, kOwner});
  return to_bytes(text.bytes());
}

Result<std::shared_ptr<const IndexTable>> open_table() {
  IndexTable::Request request;
  request.cache = cache();
  request.owner = kOwner;
  request.objects = {kObject};
  request.load = [](const IndexName&) -> Result<std::optional<LoadedIndex>> {
    static const auto kPlain = index_object();
    return LoadedIndex{kPlain, true};
  };
  return IndexTable::open(request);
}

// Every question that a run could put; answers may be wrong or `corrupt`, never beyond the file.
void ask(const IndexTable& table) {
  constexpr std::uint32_t kMost = 300;
  for (std::uint32_t i = 0; i < std::min(table.segments(), kMost); ++i) (void)table.segment(i);
  for (std::uint32_t i = 0; i < std::min(table.packs(), kMost); ++i) (void)table.pack(i);
  for (std::uint32_t i = 0; i < std::min(table.births(), kMost); ++i) (void)table.birth(i);
  for (const std::uint8_t first : {std::uint8_t{0}, std::uint8_t{4}, std::uint8_t{255}}) {
    const auto range = table.find({{first}});
    if (!range) continue;
    fuzz::promise(range->first <= range->last && range->last <= table.chunks(),
                  "what is found lies in the table");
    for (auto at = range->first; at < std::min(range->last, range->first + kMost); ++at)
      if (const auto place = table.place(at)) (void)table.segment(place->segment);
  }
}

void is_whole_again() {
  fs::remove(cache() / "index-table");
  const auto table = open_table();
  fuzz::promise(table && (*table)->chunks() == 1, "without its cache a table is built anew");
}

void with_cached(ByteView file) {
  fuzz::promise(write_file(cache() / "index-table", file).has_value(), "the cache can be written");
  const auto table = open_table();
  fuzz::promise(table || table.error().code() == Code::corrupt, "a bad cache is nothing else");
  fuzz::promise(table || !fs::exists(cache() / "index-table"), "a bad cache is removed");
  if (table) ask(**table);
  is_whole_again();
}

// The header's sections, then pages, each after the count of its bytes: all of it by somebody who
// can count checksums.
void with_checksums(ByteView rest) {
  const auto path = cache() / "made";
  auto file = open_file(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC).value();
  PagedWriter writer(file.get());
  const auto fields = rest.first(std::min(rest.size(), kSections));
  for (rest = rest.subspan(fields.size()); !rest.empty();) {
    const auto size = std::min<std::size_t>(rest.front(), rest.size() - 1);
    for (const auto byte : rest.subspan(1, size))
      fuzz::promise(writer.add(byte).has_value(), "pages can be written");
    fuzz::promise(writer.end_section().has_value(), "pages can be written");
    rest = rest.subspan(1 + size);
  }
  ByteWriter header;
  auto bytes = header.u64(kVersion).raw(kOwner.view()).raw(fields).take();
  bytes.resize(sizeof kVersion + WriterId::kSize + kSections);
  fuzz::promise(writer.finish(bytes).has_value(), "pages can be written");
  with_cached(read_file(path).value());
}

}  // namespace
}  // namespace lifeboat::repository

LIFEBOAT_FUZZ(input) {
  if (input.choose(2) == 0)
    lifeboat::repository::with_cached(input.rest());
  else
    lifeboat::repository::with_checksums(input.rest());
}
