#include "engine/mongodb/stored_insert.h"

#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

bool is_mixed(const Error& refused) {
  return refused.message().find("mixed schema") != std::string::npos;
}

Bytes may_be_mixed_command(const std::string& series) {
  return DocumentBuilder()
      .text("collMod", series)
      .boolean("timeseriesBucketsMayHaveMixedSchemaData", true)
      .take();
}

}  // namespace

Result<Connection::Inserted> insert_stored(const Connection& connection,
                                           const std::string& database,
                                           const std::string& collection,
                                           const std::vector<ByteView>& documents) {
  auto inserted = TRY(connection.insert_new(database, collection, documents));
  const bool are_mixed =
      collection.starts_with(kBucketsPrefix) && inserted.refused && is_mixed(*inserted.refused);
  if (!are_mixed) return inserted;
  TRY(connection.command(database, may_be_mixed_command(series_name(collection))));
  const std::vector<ByteView> rest(documents.begin() + static_cast<std::ptrdiff_t>(inserted.count),
                                   documents.end());
  auto more = TRY(connection.insert_new(database, collection, rest));
  more.count += inserted.count;
  return more;
}

}  // namespace lifeboat::engine::mongodb
