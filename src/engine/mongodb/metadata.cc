#include "engine/mongodb/metadata.h"

#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint8_t kMetadataVersion = 1;

}  // namespace

Bytes encode_metadata(const Metadata& metadata) {
  Catalog catalog{metadata.database, {}};
  if (metadata.kind == Metadata::Kind::documents) catalog.collections = {metadata.collection};
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
  const bool known = kind >= 1 && kind <= 4;
  const std::size_t collections = kind == 2 ? 1 : 0;
  if (!known || catalog.collections.size() != collections)
    return fail(Code::corrupt, "metadata of a MongoDB entry has impossible values");
  Metadata metadata;
  metadata.kind = static_cast<Metadata::Kind>(kind);
  metadata.database = std::move(catalog.database);
  if (!catalog.collections.empty()) metadata.collection = std::move(catalog.collections.front());
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
