#pragma once
// What a pack holds: its directory and its clear trailer, as bytes and as values
// (docs/format.md, 6.2). Pure functions, thread-safe; parsers believe nothing.
#include "repository/segment.h"

namespace lifeboat::repository {

constexpr std::size_t kPackHeader = kPrefixSize + Salt::kSize;
constexpr std::size_t kPackTrailer = 64;
constexpr std::size_t kMaxPack = 256U << 20U;

// The pack a segment was first written to: what its key hangs on, wherever it lies now.
struct PackBirth {
  Salt salt;
  SessionRef session;
  Commitment commitment;
  bool operator==(const PackBirth&) const = default;
};

struct PackSegment {
  std::uint16_t birth = 0;  // index into births
  SegmentShape shape;
  std::uint32_t offset = 0;    // from the pack's start
  std::uint32_t first_id = 0;  // index into ids
  std::uint16_t chunks = 0;
  bool operator==(const PackSegment&) const = default;
};

struct PackDirectory {
  std::vector<PackBirth> births;
  std::vector<PackSegment> segments;
  std::vector<ChunkId> ids;  // of all segments, in order

  std::span<const ChunkId> ids_of(const PackSegment& segment) const {
    return std::span(ids).subspan(segment.first_id, segment.chunks);
  }
  // Where the segments end and the sealed directory begins.
  std::uint64_t end() const;
  bool operator==(const PackDirectory&) const = default;
};

Bytes encode_directory(const PackDirectory& directory);
// `corrupt` unless segments lie back to back from the header on and every number is possible.
Result<PackDirectory> parse_directory(ByteView plain);
// How many bytes encode_directory() gives for that many of each.
std::size_t directory_size(std::size_t births, std::size_t segments, std::size_t ids);

struct PackTrailer {
  std::uint32_t directory = 0;  // length of the sealed directory
  std::uint32_t segments = 0;
  SessionRef session;
  Salt salt;
  bool operator==(const PackTrailer&) const = default;
};

Bytes make_header(const Salt& salt);
Bytes encode_trailer(const PackTrailer& trailer);
Result<PackTrailer> parse_trailer(ByteView last_bytes);

// The sealed directory of a pack; the trailer tells the header that it vouches for.
PartSpec directory_spec(const RepositoryId& repository, ByteView header);
// Opens it and holds it against the trailer and the pack's size.
struct SealedDirectory {
  PackTrailer trailer;
  ByteView sealed;
  std::uint64_t pack_size = 0;
};
struct OpenedDirectory {
  Bytes plain;
  PackDirectory directory;
};
Result<OpenedDirectory> open_directory(const RoleKeys& keys, const SealedDirectory& from);

}  // namespace lifeboat::repository
