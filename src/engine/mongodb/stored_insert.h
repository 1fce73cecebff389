#pragma once
// Inserts documents where they are kept: in a collection, or as buckets in that of a time series.
// Thread-safe as its connection is.
#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

// As Connection::insert_new(). Buckets of 5.0 and 5.1 may hold values of several types in one
// field: a later server takes them when it is told that there are such, and it is.
Result<Connection::Inserted> insert_stored(const Connection& connection,
                                           const std::string& database,
                                           const std::string& collection,
                                           const std::vector<ByteView>& documents);

}  // namespace lifeboat::engine::mongodb
