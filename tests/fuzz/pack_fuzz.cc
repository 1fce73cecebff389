// What says where content lies: the directory of a pack, its trailer, the index, and the raw layout
// of a segment.
#include "fuzz/fuzz.h"
#include "repository/index_object.h"
#include "repository/pack_directory.h"
#include "repository/segment_set.h"

namespace lifeboat::repository {
namespace {

void directory(ByteView bytes) {
  const auto parsed = parse_directory(bytes);
  if (!parsed) return;
  fuzz::promise(encode_directory(*parsed) == to_bytes(bytes),
                "a directory that is accepted encodes to the same bytes");
  for (const auto& segment : parsed->segments) {
    fuzz::promise(segment.birth < parsed->births.size(), "every birth is there");
    fuzz::promise(parsed->ids_of(segment).size() == segment.chunks, "every chunk has an id");
    fuzz::promise(segment.offset + std::uint64_t{segment.shape.stored} <= parsed->end(),
                  "segments lie before the directory");
  }
}

void trailer(ByteView bytes) { (void)parse_trailer(bytes); }

void index(ByteView bytes) {
  IndexText text;
  const auto parsed =
      parse_index(bytes, [&](const PackListing& pack, const PackDirectory&) -> Result<void> {
        text.add(pack);
        return {};
      });
  if (!parsed) return;
  fuzz::promise(to_bytes(text.bytes()) == to_bytes(bytes),
                "an index that is accepted encodes to the same bytes");
}

void segment(ByteView bytes) {
  std::vector<ByteView> chunks;
  if (!parse_segment(bytes, chunks)) return;
  std::size_t total = 4 + 4 * chunks.size();
  for (const auto& chunk : chunks) {
    fuzz::promise(!chunk.empty(), "no chunk is empty");
    fuzz::promise(
        chunk.data() >= bytes.data() && chunk.data() + chunk.size() <= bytes.data() + bytes.size(),
        "chunks lie in the segment");
    total += chunk.size();
  }
  fuzz::promise(total == bytes.size(), "the chunks are the whole segment");
}

void segment_set(ByteView bytes) {
  ByteReader reader(bytes);
  const auto set = SegmentSet::parse(reader);
  if (!set) return;
  const auto again_bytes = set->encode();
  ByteReader again_reader(again_bytes);
  const auto again = SegmentSet::parse(again_reader);
  fuzz::promise(again && *again == *set, "a set that was written is read as the same set");
}

}  // namespace
}  // namespace lifeboat::repository

LIFEBOAT_FUZZ(input) {
  using Parser = void (*)(lifeboat::ByteView);
  constexpr Parser kParsers[] = {lifeboat::repository::directory, lifeboat::repository::trailer,
                                 lifeboat::repository::index, lifeboat::repository::segment,
                                 lifeboat::repository::segment_set};
  kParsers[input.choose(5)](input.rest());
}
