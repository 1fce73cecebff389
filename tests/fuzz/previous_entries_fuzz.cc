// The local list of what the last backup stored: whole files, and records whose checksums are
// right.
#include <sys/mman.h>

#include "backup/previous_entries.h"
#include "fuzz/fuzz.h"

namespace lifeboat::backup {
namespace {

constexpr const char* kIdentity = "shop";

// A file in memory, by the name that its descriptor has.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView bytes) : file_(::memfd_create("previous", MFD_CLOEXEC)) {
    fuzz::promise(write_at(file_.get(), 0, bytes).has_value(), "memory can be written");
  }
  fs::path path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  FileDescriptor file_;
};

// How every list of this identity begins.
Bytes make_header() {
  const auto folder = ScratchDirectory::make();
  const auto file = folder->path() / "list";
  fuzz::promise(PreviousWriter::create(file, kIdentity)->commit().has_value(), "lists are written");
  return *read_file(file);
}

void ask(ByteView list, const std::vector<std::string>& paths) {
  const MemoryFile file(list);
  auto reader = PreviousReader::open(file.path(), kIdentity);
  for (const auto& path : paths) {
    const auto found = reader.find(path);
    if (!found) continue;
    fuzz::promise(found->path == path, "what is found is what was asked for");
    fuzz::promise(found->chunks.size() * 36 < list.size(), "no chunk comes from nowhere");
  }
}

void raw(fuzz::Input input, const Bytes& header) {
  auto list = header;
  append(list, input.rest());
  ask(list, {"", "a", "a/b", "b"});
}

// Each record after its length, of one byte.
void records(fuzz::Input input, const Bytes& header) {
  ByteWriter list;
  list.raw(header);
  std::vector<std::string> paths;
  for (auto rest = input.rest(); !rest.empty();) {
    const auto size = std::min<std::size_t>(rest.front(), rest.size() - 1);
    const auto body = rest.subspan(1, size);
    rest = rest.subspan(1 + size);
    list.u32(static_cast<std::uint32_t>(size)).u64(record_checksum(body)).raw(body);
    ByteReader reader(body);
    if (auto path = reader.sized_text()) paths.push_back(std::move(*path));
  }
  ask(list.bytes(), paths);
}

}  // namespace
}  // namespace lifeboat::backup

LIFEBOAT_FUZZ(input) {
  using Parser = void (*)(lifeboat::fuzz::Input, const lifeboat::Bytes&);
  constexpr Parser kParsers[] = {lifeboat::backup::raw, lifeboat::backup::records};
  static const lifeboat::Bytes header = lifeboat::backup::make_header();
  kParsers[input.choose(2)](input, header);
}
