#include "repository/pack_directory.h"

#include <algorithm>

namespace lifeboat::repository {
namespace {

constexpr std::string_view kTrailerMagic = "LFBTPACK";
constexpr std::size_t kBirthSize = 32 + 8 + 8 + 32;
constexpr std::size_t kSegmentSize = 2 + 4 + 4 + 4 + 4 + 1 + 2;
constexpr std::uint32_t kMinSealed = 32 + 32 + 5 + 16;  // a sealed part of nothing
constexpr std::uint32_t kTag = crypto::Aead::kTagSize;

template <class T>
Result<T> read_id(ByteReader& reader) {
  return T::from(TRY(reader.raw(T::kSize)));
}

Result<SessionRef> read_session(ByteReader& reader) {
  SessionRef session;
  session.writer = TRY(read_id<WriterId>(reader));
  session.seq = TRY(reader.u64());
  if (session.seq == 0) return fail(Code::corrupt, "sequence numbers count from 1");
  return session;
}

Result<PackBirth> read_birth(ByteReader& reader) {
  PackBirth birth;
  birth.salt = TRY(read_id<Salt>(reader));
  birth.session = TRY(read_session(reader));
  birth.commitment = TRY(read_id<Commitment>(reader));
  return birth;
}

// Compression that does not pay is not used, so nothing stored is longer than it was.
Result<void> check_shape(const SegmentShape& shape, std::uint16_t chunks) {
  const bool lengths = shape.raw <= kMaxSegmentRaw && shape.stored > kTag &&
                       shape.stored <= shape.raw + kTag &&
                       (shape.method == Method::zstd || shape.stored == shape.raw + kTag);
  if (!lengths) return fail(Code::corrupt, "a segment of impossible length");
  if (chunks == 0 || shape.raw < 4 + 5U * chunks)
    return fail(Code::corrupt, "a segment with an impossible number of chunks");
  return {};
}

Result<PackSegment> read_segment(ByteReader& reader, PackDirectory& directory) {
  PackSegment segment;
  segment.birth = TRY(reader.u16());
  segment.shape.number = TRY(reader.u32());
  segment.offset = TRY(reader.u32());
  segment.shape.stored = TRY(reader.u32());
  segment.shape.raw = TRY(reader.u32());
  const auto method = TRY(reader.u8());
  segment.chunks = TRY(reader.u16());
  if (segment.birth >= directory.births.size() || method > 1)
    return fail(Code::corrupt, "a segment of unknown birth or method");
  segment.shape.method = static_cast<Method>(method);
  TRY(check_shape(segment.shape, segment.chunks));
  segment.first_id = static_cast<std::uint32_t>(directory.ids.size());
  ByteReader ids(TRY(reader.raw(ChunkId::kSize * segment.chunks)));
  while (!ids.at_end()) directory.ids.push_back(TRY(read_id<ChunkId>(ids)));
  return segment;
}

// Enough bytes must be left for so many records: checked before memory is taken for them.
Result<void> check_count(std::size_t count, std::size_t record, const ByteReader& reader) {
  if (count == 0 || count > reader.remaining() / record)
    return fail(Code::corrupt, "a directory with an impossible count");
  return {};
}

bool agree(const PackDirectory& directory, const SealedDirectory& from) {
  const auto& trailer = from.trailer;
  const bool of_that_session = std::ranges::all_of(directory.births, [&](const PackBirth& birth) {
    return birth.salt != trailer.salt || birth.session == trailer.session;
  });
  return of_that_session && directory.segments.size() == trailer.segments &&
         directory.end() + trailer.directory + kPackTrailer == from.pack_size;
}

}  // namespace

std::uint64_t PackDirectory::end() const {
  if (segments.empty()) return kPackHeader;
  return std::uint64_t{segments.back().offset} + segments.back().shape.stored;
}

std::size_t directory_size(std::size_t births, std::size_t segments, std::size_t ids) {
  return 2 + 4 + births * kBirthSize + segments * kSegmentSize + ids * ChunkId::kSize;
}

Bytes encode_directory(const PackDirectory& directory) {
  ByteWriter writer;
  writer.u16(static_cast<std::uint16_t>(directory.births.size()));
  for (const auto& birth : directory.births) {
    writer.raw(birth.salt.view()).raw(birth.session.writer.view()).u64(birth.session.seq);
    writer.raw(birth.commitment.view());
  }
  writer.u32(static_cast<std::uint32_t>(directory.segments.size()));
  for (const auto& segment : directory.segments) {
    writer.u16(segment.birth).u32(segment.shape.number).u32(segment.offset);
    writer.u32(segment.shape.stored).u32(segment.shape.raw);
    writer.u8(static_cast<std::uint8_t>(segment.shape.method)).u16(segment.chunks);
    for (const auto& id : directory.ids_of(segment)) writer.raw(id.view());
  }
  return writer.take();
}

Result<PackDirectory> parse_directory(ByteView plain) {
  PackDirectory directory;
  ByteReader reader(plain);
  const auto births = TRY(reader.u16());
  TRY(check_count(births, kBirthSize, reader));
  directory.births.reserve(births);
  for (std::size_t i = 0; i < births; ++i) directory.births.push_back(TRY(read_birth(reader)));
  const auto segments = TRY(reader.u32());
  TRY(check_count(segments, kSegmentSize + ChunkId::kSize, reader));
  directory.segments.reserve(segments);
  directory.ids.reserve(reader.remaining() / ChunkId::kSize);
  for (std::uint32_t i = 0; i < segments; ++i) {
    const auto begin = directory.end();
    directory.segments.push_back(TRY(read_segment(reader, directory)));
    if (directory.segments.back().offset != begin || directory.end() > kMaxPack)
      return fail(Code::corrupt, "a directory whose segments do not lie back to back");
  }
  TRY(reader.expect_end());
  return directory;
}

Bytes make_header(const Salt& salt) {
  auto header = make_prefix(ObjectType::pack);
  append(header, salt.view());
  return header;
}

Bytes encode_trailer(const PackTrailer& trailer) {
  ByteWriter writer;
  writer.u32(trailer.directory).u32(trailer.segments).raw(trailer.session.writer.view());
  writer.u64(trailer.session.seq).raw(trailer.salt.view()).raw(kTrailerMagic);
  return writer.take();
}

Result<PackTrailer> parse_trailer(ByteView last_bytes) {
  if (last_bytes.size() != kPackTrailer) return fail(Code::corrupt, "a pack without a trailer");
  ByteReader reader(last_bytes);
  PackTrailer trailer;
  trailer.directory = TRY(reader.u32());
  trailer.segments = TRY(reader.u32());
  trailer.session = TRY(read_session(reader));
  trailer.salt = TRY(read_id<Salt>(reader));
  if (!std::ranges::equal(TRY(reader.raw(kTrailerMagic.size())), view_of(kTrailerMagic)))
    return fail(Code::corrupt, "a pack without a trailer");
  if (trailer.directory < kMinSealed || trailer.directory > kMaxPack || trailer.segments == 0)
    return fail(Code::corrupt, "a pack with an impossible trailer");
  return trailer;
}

PartSpec directory_spec(const RepositoryId& repository, ByteView header) {
  return {PartType::pack_directory, repository, kPacksName, header};
}

Result<OpenedDirectory> open_directory(const RoleKeys& keys, const SealedDirectory& from) {
  const auto header = make_header(from.trailer.salt);
  OpenedDirectory opened;
  opened.plain =
      TRY(open_part(directory_spec(keys.repository, header), keys.index.view(), from.sealed));
  opened.directory = TRY(parse_directory(opened.plain));
  if (!agree(opened.directory, from))
    return fail(Code::corrupt, "a pack whose directory and trailer disagree");
  return opened;
}

}  // namespace lifeboat::repository
