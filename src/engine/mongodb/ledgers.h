#pragma once
// What migration tools have written into a database of documents.
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/query.h"

namespace lifeboat::engine::mongodb {

// The first collection that is a ledger; empty when there is none.
std::string first_ledger(const Catalog& catalog);
bool is_ledger_name(std::string_view collection);

Result<std::vector<Ledger>> list_ledgers(const Asked& asked, const Catalog& catalog,
                                         const RunContext& context);

// The same as facts, noticed in the pass that reads the collections, in any order. Thread-safe;
// what it gave to watch with goes on living without it.
class LedgerFacts {
 public:
  explicit LedgerFacts(const Catalog& catalog);
  // What is to see every document of this collection; null for one that is no ledger and no lock.
  Watch watch(const std::string& collection) const;
  // By ledger, escaped: `tool`, how many are `applied`, the `last` of them, those that `failed`,
  // `dirty` where any did, and `locked`.
  Json finish() const;

 private:
  class Notes;
  std::shared_ptr<Notes> notes_;
};

}  // namespace lifeboat::engine::mongodb
