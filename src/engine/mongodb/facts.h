#pragma once
// What is true of a database at a backup and must be true again after a restore: its catalog, and
// the exact count, bytes and digest of every collection. docs/format-engines.md lists the members.
#include <map>

#include "base/json.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/gridfs.h"
#include "engine/mongodb/ledgers.h"

namespace lifeboat::engine::mongodb {

using FactsByName = std::map<std::string, CollectionFacts>;

// What is noticed beside the sums in the pass that reads a database, whose every document it must
// see. Thread-safe.
class NoticedFacts {
 public:
  static Result<NoticedFacts> begin(const Catalog& catalog);
  // Null for a collection of which nothing is to be noticed.
  Watch watch(const std::string& collection) const;
  // `migrations` and `gridfs`.
  Result<Json> finish() const;

 private:
  NoticedFacts(LedgerFacts ledgers, GridFs gridfs)
      : ledgers_(std::move(ledgers)), gridfs_(std::move(gridfs)) {}

  LedgerFacts ledgers_;
  GridFs gridfs_;
};

// `noticed` are the members that were. `internal` when a collection of the catalog was not summed
// up.
Result<Json> facts_json(const Catalog& catalog, const FactsByName& collections, Json noticed,
                        const ServerFacts& server);

// What was backed up: "MongoDB 7.0.12"; empty where they do not say it.
std::string product_in(const Json& facts);

// The parts of them that a replay of a log works out anew: of the catalog, and of the data.
Json catalog_facts(const Collection& collection);
void add_facts(Json& json, const CollectionFacts& facts);
Result<DocumentSum> recorded_sum(const Json& facts);
// What nobody can know any more.
void forget_sums(Json& facts);
// Beside its sums, which say more, nothing of a ledger is worked out anew.
void forget_ledgers(Json& facts);

// What a snapshot recorded, less these documents of its collections.
Result<Json> facts_without(Json recorded, const std::map<std::string, DocumentSum>& documents);

// Reads a whole database with a few connections at once. Thread-safe.
Result<Json> collect_facts(const Server& server, const std::string& database,
                           const RunContext& context);

}  // namespace lifeboat::engine::mongodb
