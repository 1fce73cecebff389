#pragma once
// What migration tools have written into a database of documents. Stateless.
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/query.h"

namespace lifeboat::engine::mongodb {

Result<std::vector<Ledger>> list_ledgers(const Asked& asked, const Catalog& catalog,
                                         const RunContext& context);

}  // namespace lifeboat::engine::mongodb
