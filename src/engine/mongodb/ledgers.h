#pragma once
// What migration tools have written into a database of documents. Stateless.
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/query.h"

namespace lifeboat::engine::mongodb {

// The first collection that is a ledger; empty when there is none.
std::string first_ledger(const Catalog& catalog);

Result<std::vector<Ledger>> list_ledgers(const Asked& asked, const Catalog& catalog,
                                         const RunContext& context);

}  // namespace lifeboat::engine::mongodb
