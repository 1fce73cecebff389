#pragma once
// Reads one database: its catalog before and after, and between them every collection as raw BSON,
// several at once. All are read in one snapshot where the server gives one; else, where it has a
// log, the part of it from before to after makes them one moment; else each is as of the moment
// when it was read. The position says which.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

std::unique_ptr<Source> make_source(const SourceOptions& options);

struct Catalog;
class Connection;
// `refused` or `not_found` when this database is none that can be backed up.
Result<void> check_catalog(const Connection& connection, const Catalog& catalog);

// A finding for each time series that a backup of it holds as documents: those without buckets, or
// all where that is asked for.
std::vector<Finding> series_as_documents(const Catalog& catalog, bool is_asked);

}  // namespace lifeboat::engine::mongodb
