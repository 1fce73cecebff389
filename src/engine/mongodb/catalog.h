#pragma once
// The catalog of a database: what listCollections and listIndexes said, verbatim as raw BSON, and
// the form in which a snapshot holds it. Values only.
#include <string>
#include <vector>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

enum class CollectionKind : std::uint8_t { collection, view, time_series };

// One collection or view. Only check_collection() makes one, so what is read from it is there.
struct Collection {
  std::string name;
  CollectionKind kind = CollectionKind::collection;
  Bytes info;                  // a document of listCollections' cursor; of a time series that has
                               // buckets also that of those, as `buckets`
  std::vector<Bytes> indexes;  // the documents of listIndexes' cursor

  DocumentView options() const;
  // The server's identity of the collection, of a time series that of its buckets; empty where it
  // tells none.
  ByteView uuid() const;
  // Whether documents of its own are kept under some name: those of a view are others'.
  bool has_documents() const { return kind != CollectionKind::view; }
  // Of a time series: whether its measurements are kept, or were backed up, as its buckets. Else
  // they are documents of its own name.
  bool has_buckets() const;
  // The name under which they are: of a time series with buckets those.
  std::string stored_name() const;
  bool operator==(const Collection&) const = default;
};

// Until 8.3 a server keeps a time series as buckets, documents of a collection of their own.
inline constexpr std::string_view kBucketsPrefix = "system.buckets.";
inline constexpr std::string_view kBucketsField = "buckets";
// Of the name of buckets that of their time series; any other as it is. And back.
std::string series_name(std::string_view collection);
std::string buckets_name(std::string_view series);

struct Catalog {
  std::string database;
  std::vector<Collection> collections;

  bool operator==(const Catalog&) const = default;
};

// The collection with one more field of its `info`.
Result<Collection> with_field(const Collection& collection, std::string_view name,
                              ByteView document);
// The catalog of a snapshot that holds every time series as documents.
Catalog without_buckets(Catalog catalog);

// `corrupt` when a reply lacks what every server sends: name and, of an index, key and name.
Result<Collection> check_collection(Bytes info, std::vector<Bytes> indexes);
// The same of one index, wherever it comes from: what is read from a checked one is there.
Result<void> check_index(DocumentView index);

// Of a checked index: whether its key is _id alone, as that of every collection's own is.
bool is_keyed_by_id(DocumentView index);

// BSON documents one after the other: {lifeboat: "catalog", version: 1, database}, then, by name,
// {info, indexes: […]} of each collection. The same catalog gives the same bytes.
Bytes encode_catalog(const Catalog& catalog);
// `unsupported_format` for a later version, `corrupt` for what is no catalog.
Result<Catalog> decode_catalog(ByteView bytes);

}  // namespace lifeboat::engine::mongodb
