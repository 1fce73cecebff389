#include "repository/index_object.h"

#include "crypto/hash.h"

namespace lifeboat::repository {
namespace {

PartSpec index_spec(const RoleKeys& keys, ByteView prefix) {
  return {PartType::index, keys.repository, kIndexName, prefix};
}

Result<void> visit_listing(ByteReader& reader, const ListingVisitor& visit) {
  PackListing pack;
  pack.name = TRY(PackName::from(TRY(reader.raw(PackName::kSize))));
  pack.size = TRY(reader.u64());
  pack.origin = TRY(WriterId::from(TRY(reader.raw(WriterId::kSize))));
  pack.directory = TRY(reader.sized(kMaxPlain));
  const auto directory = TRY(parse_directory(pack.directory));
  if (pack.size > kMaxPack || directory.end() + kPackTrailer > pack.size)
    return fail(Code::corrupt, "an index that lists a pack of impossible size");
  return visit(pack, directory);
}

}  // namespace

std::string index_key(const IndexName& name) { return std::string(kIndexName) + name.hex(); }

Result<IndexName> parse_index_key(std::string_view key) {
  if (!key.starts_with(kIndexName)) return fail(Code::corrupt, "a name that no Lifeboat gives");
  return IndexName::from_hex(key.substr(kIndexName.size()));
}

void IndexText::add(const PackListing& pack) {
  writer_.raw(pack.name.view()).u64(pack.size).raw(pack.origin.view()).sized(pack.directory);
  ++packs_;
}

ByteView IndexText::bytes() {
  ByteWriter count;
  count.u32(packs_);
  bytes_ = writer_.bytes();
  std::copy(count.bytes().begin(), count.bytes().end(), bytes_.begin());
  return bytes_;
}

void IndexText::clear() {
  packs_ = 0;
  writer_.clear();
  writer_.u32(0);
}

Result<void> parse_index(ByteView plain, const ListingVisitor& visit) {
  ByteReader reader(plain);
  const auto packs = TRY(reader.u32());
  for (std::uint32_t i = 0; i < packs; ++i) TRY(visit_listing(reader, visit));
  return reader.expect_end();
}

Result<IndexObject> make_index_object(const RoleKeys& keys, ByteView plain, Random& random) {
  const auto prefix = make_prefix(ObjectType::index);
  const auto sealed = TRY(seal_part(index_spec(keys, prefix), keys.index.view(), plain, random));
  ByteWriter writer;
  writer.raw(prefix).sized(sealed);
  IndexObject object;
  object.bytes = writer.take();
  TRY(append_signature(keys, kIndexName, object.bytes));
  object.name.bytes = crypto::sha256(object.bytes).bytes;
  return object;
}

WriterId origin_of(const Signer& signer, const PackListing& pack) {
  return signer.role == Role::writer ? signer.id : pack.origin;
}

Result<OpenedIndex> open_index_object(const RoleKeys& keys, const IndexName& name,
                                      ByteView object) {
  if (crypto::sha256(object).bytes != name.bytes)
    return fail(Code::corrupt, "an index that is not what its name says");
  const auto rest = TRY(strip_prefix(object, ObjectType::index));
  ByteReader reader(rest);
  const auto sealed = TRY(reader.sized(kMaxObject));
  OpenedIndex opened;
  opened.signer = TRY(read_signature(keys, kIndexName, object, reader));
  TRY(require_role(opened.signer, {Role::writer, Role::collector, Role::admin}));
  opened.plain =
      TRY(open_part(index_spec(keys, object.first(kPrefixSize)), keys.index.view(), sealed));
  return opened;
}

}  // namespace lifeboat::repository
