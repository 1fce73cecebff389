#pragma once
// What is true of a database at a backup and must be true again after a restore: its catalog, and
// the exact count, bytes and digest of every collection. docs/format-engines.md lists the members.
#include <map>

#include "base/json.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"

namespace lifeboat::engine::mongodb {

using FactsByName = std::map<std::string, CollectionFacts>;

// `internal` when a collection of the catalog was not summed up.
Result<Json> facts_json(const Catalog& catalog, const FactsByName& collections,
                        const ServerFacts& server);

// The parts of them that a replay of a log works out anew: of the catalog, and of the data.
Json catalog_facts(const Collection& collection);
void add_facts(Json& json, const CollectionFacts& facts);
Result<DocumentSum> recorded_sum(const Json& facts);
// What nobody can know any more.
void forget_sums(Json& facts);

// What a snapshot recorded, less these documents of its collections.
Result<Json> facts_without(Json recorded, const std::map<std::string, DocumentSum>& documents);

// Reads a whole database with a few connections at once. Thread-safe.
Result<Json> collect_facts(const Server& server, const std::string& database,
                           const RunContext& context);

}  // namespace lifeboat::engine::mongodb
