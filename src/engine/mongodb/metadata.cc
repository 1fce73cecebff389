#include "engine/mongodb/metadata.h"

#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint8_t kMetadataVersion = 1;

}  // namespace

Metadata::Kind kind_of_content(const Collection& collection) {
  if (collection.kind != CollectionKind::time_series) return Metadata::Kind::documents;
  return collection.has_buckets() ? Metadata::Kind::buckets : Metadata::Kind::measurements;
}

Bytes encode_metadata(const Metadata& metadata) {
  Catalog catalog{metadata.database, {}};
  if (metadata.has_collection()) catalog.collections = {metadata.collection};
  ByteWriter writer;
  writer.u8(kMetadataVersion).u8(static_cast<std::uint8_t>(metadata.kind));
  writer.raw(encode_catalog(catalog));
  return writer.take();
}

Result<Metadata> decode_metadata(ByteView bytes) {
  ByteReader reader(bytes);
  if (TRY(reader.u8()) != kMetadataVersion)
    return fail(Code::unsupported_format, "metadata of a MongoDB entry is of a newer version");
  const auto kind = TRY(reader.u8());
  auto catalog = TRY(decode_catalog(TRY(reader.raw(reader.remaining()))));
  Metadata metadata;
  metadata.kind = static_cast<Metadata::Kind>(kind);
  const bool known = kind >= 1 && kind <= 6;
  const std::size_t collections = metadata.has_collection() ? 1 : 0;
  if (!known || catalog.collections.size() != collections)
    return fail(Code::corrupt, "metadata of a MongoDB entry has impossible values");
  metadata.database = std::move(catalog.database);
  if (!catalog.collections.empty()) metadata.collection = std::move(catalog.collections.front());
  const auto& collection = metadata.collection;
  if (metadata.has_collection() &&
      (!collection.has_documents() || kind_of_content(collection) != metadata.kind))
    return fail(Code::corrupt, collection.name + " is no collection of documents");
  return metadata;
}

std::string catalog_path(const std::string& database) {
  return escape_name(database) + "/catalog.bson";
}

std::string accounts_path(const std::string& database) {
  return escape_name(database) + "/accounts.bson";
}

std::string log_path(const std::string& database) { return escape_name(database) + "/log.bson"; }

std::string documents_path(const std::string& database, const std::string& collection) {
  return escape_name(database) + "/collections/" + escape_name(collection) + ".bson";
}

}  // namespace lifeboat::engine::mongodb
