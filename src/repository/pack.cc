#include "repository/pack.h"

#include <algorithm>

#include "storage/backend.h"

namespace lifeboat::repository {
namespace {

// A sealed part's salt, commitment, method, length and tag.
constexpr std::size_t kSealOverhead = 32 + 32 + 5 + 16;
// Read in one go with the trailer: most directories are in it.
constexpr std::uint64_t kTail = 256U << 10U;
constexpr std::uint64_t kMinPack = kPackHeader + kPackTrailer;

std::size_t footprint(std::size_t stored, std::size_t chunks) {
  return stored + directory_size(1, 1, chunks) - directory_size(0, 0, 0);
}

Failure not_a_pack(const PackName& name, std::string_view why) {
  return fail(Code::corrupt, "pack " + name.hex() + ": " + std::string(why));
}

Result<PackContents> contents_from(const RoleKeys& keys, const SealedDirectory& from) {
  auto opened = TRY(open_directory(keys, from));
  return PackContents{from.pack_size, from.trailer, std::move(opened.plain),
                      std::move(opened.directory)};
}

// The last `size` bytes of the pack, of which `tail` holds the end already.
Result<void> read_tail(storage::Backend& backend, const storage::ObjectInfo& pack,
                       std::uint64_t size, Bytes& tail) {
  if (tail.size() >= size) return {};
  TRY(backend.get(pack.key, {pack.size - size, size}, tail));
  if (tail.size() == size) return {};
  return fail(Code::corrupt, pack.key + ": ends too early");
}

}  // namespace

PackBuilder::PackBuilder(const RoleKeys& keys, const SessionRef& session, std::size_t size)
    : keys_(&keys), session_(session), limit_(std::min(size, kMaxPack)) {}

void PackBuilder::begin(Random& random) {
  clear();
  salt_.bytes = random.array<Salt::kSize>();
  bytes_.reserve(limit_);
  add(make_header(salt_));
  planned_ = kPackHeader + directory_size(0, 0, 0) + kSealOverhead + kPackTrailer;
}

void PackBuilder::clear() {
  bytes_.clear();
  directory_ = {};
  hash_.reset();
  awaited_ = 0;
  next_number_ = 0;
}

bool PackBuilder::fits(std::size_t stored, std::size_t chunks) const {
  const bool untouched = empty() && awaited_ == 0;
  return untouched || planned_ + footprint(stored, chunks) <= limit_;
}

std::uint32_t PackBuilder::reserve(std::size_t stored, std::size_t chunks) {
  planned_ += footprint(stored, chunks);
  ++awaited_;
  return next_number_++;
}

void PackBuilder::append(const PackBirth& birth, const SegmentShape& shape, ByteView stored,
                         std::span<const ChunkId> ids) {
  if (birth.salt == salt_)
    --awaited_;
  else
    planned_ += footprint(stored.size(), ids.size());
  PackSegment segment;
  segment.birth = index_of(birth);
  segment.shape = shape;
  segment.offset = static_cast<std::uint32_t>(bytes_.size());
  segment.first_id = static_cast<std::uint32_t>(directory_.ids.size());
  segment.chunks = static_cast<std::uint16_t>(ids.size());
  directory_.segments.push_back(segment);
  directory_.ids.insert(directory_.ids.end(), ids.begin(), ids.end());
  add(stored);
}

Result<FinishedPack> PackBuilder::finish(Random& random) {
  FinishedPack finished;
  finished.directory = encode_directory(directory_);
  const auto header = make_header(salt_);
  const auto sealed = TRY(seal_part(directory_spec(keys_->repository, header), keys_->index.view(),
                                    finished.directory, random));
  add(sealed);
  add(encode_trailer({static_cast<std::uint32_t>(sealed.size()),
                      static_cast<std::uint32_t>(directory_.segments.size()), session_, salt_}));
  finished.name.bytes = hash_.finish().bytes;
  finished.bytes = bytes_;
  return finished;
}

// Births are few and mostly the last one again.
std::uint16_t PackBuilder::index_of(const PackBirth& birth) {
  auto& births = directory_.births;
  for (auto index = births.size(); index > 0; --index)
    if (births[index - 1] == birth) return static_cast<std::uint16_t>(index - 1);
  births.push_back(birth);
  return static_cast<std::uint16_t>(births.size() - 1);
}

void PackBuilder::add(ByteView bytes) {
  lifeboat::append(bytes_, bytes);
  hash_.update(bytes);
}

Result<PackContents> read_pack_directory(storage::Backend& backend, const RoleKeys& keys,
                                         const PackName& name) {
  const auto object = TRY(backend.stat(pack_key(name)));
  const auto size = object.size;
  if (size < kMinPack || size > kMaxPack) return not_a_pack(name, "has an impossible size");
  Bytes tail;
  TRY(read_tail(backend, object, std::min(size, kTail), tail));
  const auto trailer =
      TRY_CONTEXT("pack " + name.hex(), parse_trailer(ByteView(tail).last(kPackTrailer)));
  const std::uint64_t wanted = std::uint64_t{trailer.directory} + kPackTrailer;
  if (wanted + kPackHeader > size) return not_a_pack(name, "has a directory longer than itself");
  TRY(read_tail(backend, object, wanted, tail));
  const auto sealed = ByteView(tail).last(wanted).first(trailer.directory);
  return TRY_CONTEXT("pack " + name.hex(), contents_from(keys, {trailer, sealed, size}));
}

Result<PackContents> open_pack(const RoleKeys& keys, const PackName& name, ByteView pack) {
  if (crypto::sha256(pack).bytes != name.bytes)
    return not_a_pack(name, "is not what its name says");
  if (pack.size() < kMinPack) return not_a_pack(name, "has an impossible size");
  const auto trailer = TRY_CONTEXT("pack " + name.hex(), parse_trailer(pack.last(kPackTrailer)));
  const std::uint64_t wanted = std::uint64_t{trailer.directory} + kPackTrailer;
  if (wanted + kPackHeader > pack.size())
    return not_a_pack(name, "has a directory longer than itself");
  if (!std::ranges::equal(pack.first(kPackHeader), make_header(trailer.salt)))
    return not_a_pack(name, "has a header that is not its own");
  const auto sealed = pack.last(wanted).first(trailer.directory);
  return TRY_CONTEXT("pack " + name.hex(), contents_from(keys, {trailer, sealed, pack.size()}));
}

}  // namespace lifeboat::repository
