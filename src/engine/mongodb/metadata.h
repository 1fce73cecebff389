#pragma once
// What an entry of a MongoDB source says of itself beside its content: enough to make a collection
// anew without the catalog. Values only. docs/format-engines.md has the form.
#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {

struct Metadata {
  enum class Kind : std::uint8_t {
    catalog = 1,
    documents = 2,
    log = 3,
    accounts = 4,
    buckets = 5,
    measurements = 6,
  };
  Kind kind = Kind::catalog;
  std::string database;
  Collection collection;  // of documents, or the time series whose buckets or measurements they are

  bool is_of_series() const { return kind == Kind::buckets || kind == Kind::measurements; }
  bool has_collection() const { return kind == Kind::documents || is_of_series(); }
};

// Of the entry with the content of a collection or a time series.
Metadata::Kind kind_of_content(const Collection& collection);

Bytes encode_metadata(const Metadata& metadata);
// `unsupported_format` for a later version, `corrupt` for anything else that does not fit.
Result<Metadata> decode_metadata(ByteView bytes);

// "shop/catalog.bson", "shop/accounts.bson", "shop/collections/orders.bson" and "shop/log.bson";
// names are escaped.
std::string catalog_path(const std::string& database);
std::string accounts_path(const std::string& database);
std::string log_path(const std::string& database);
std::string documents_path(const std::string& database, const std::string& collection);

}  // namespace lifeboat::engine::mongodb
