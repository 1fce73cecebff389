#pragma once
// Collections that come back under another name, and all that goes by their names: time series and
// their buckets, views, roles, the log and the facts. Pure functions.
#include <set>

#include "base/json.h"
#include "engine/mongodb/accounts.h"
#include "engine/mongodb/writes.h"
#include "engine/renames.h"

namespace lifeboat::engine::mongodb {

// Of what is restored into this database. `usage` for an old name that is not among it, and for a
// new one that no server takes or that two would have; `refused` for an encrypted collection, whose
// options name others.
Result<void> check_renames(const Catalog& wanted, const Renames& renames,
                           const std::string& database);

// `refused` when one of the new names is among what is there: nothing is replaced by a rename.
Result<void> check_free(const std::set<std::string>& there, const Renames& renames);

// What a collection is called there, and so the buckets of a time series.
std::string new_name(std::string_view collection, const Renames& renames);

// The old name of what comes back under this one, where nothing else of the source has it then.
std::string brought_as(const std::string& name, const Renames& renames);

// A view also reads what it did under the new names.
Result<Collection> renamed_collection(const Collection& collection, const Renames& renames);
Result<Catalog> renamed_catalog(const Catalog& catalog, const Renames& renames);

// Roles that allow something in a collection allow it in the same one.
Accounts renamed_accounts(Accounts accounts, const std::string& database, const Renames& renames);

// What a snapshot recorded, where `there` is its renamed catalog.
Result<Json> renamed_facts(Json recorded, const Catalog& there, const Renames& renames);

// The collections that a write names.
std::vector<std::string> collections_in(const Write& write);
Write renamed_write(Write write, const Renames& renames);

}  // namespace lifeboat::engine::mongodb
