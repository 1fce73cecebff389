#pragma once
// The commands that make collections, views and indexes anew from a catalog (options verbatim
// but for what servers refuse to be told). Pure functions over checked catalogs.
#include "base/entry.h"
#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {

enum class Validators : std::uint8_t { kept, set_aside };

// {create: name, …options}, without autoIndexId, recordIdsReplicated and temp, without expiry, and
// without the validator where it is set aside. `refused` when documents would expire after NaN
// seconds.
Result<Bytes> create_command(const Collection& collection, Validators validators);

// One of the three that say what documents a collection takes.
bool is_validator_option(std::string_view name);
// A create or a collMod without them.
Bytes without_validator(DocumentView command);

// {collMod: name, validator, validationLevel, validationAction}: puts back what was set aside;
// nothing for a collection that has no validator, or the empty one.
std::optional<Bytes> validator_command(const Collection& collection);

// {dropIndexes: name, index: "*"}, for a time series that was just made: since 6.3 servers give it
// an index that the one it is made from need not have.
Bytes without_own_indexes_command(const Collection& series);

// {collMod: name, expireAfterSeconds}, to run after the verification: of a time series or a
// clustered collection that expires as a whole.
std::optional<Bytes> expiry_command(const Collection& collection);

struct IndexPlan {
  std::string name;
  Bytes spec;        // for createIndexes
  Bytes set_expiry;  // a collMod to run after the verification; empty where nothing expires
};

// Of an index as a server tells it: it waits for 68 years, as one does whose restore did not end.
bool is_held_off(DocumentView index);

// All indexes but that of _id and the clustered one, without v, ns and background. An index without
// a collation in a collection that has one gets {locale: "simple"}, or it would inherit. An index
// that makes documents expire is made to wait for 68 years until set_expiry says otherwise.
// `refused` for one that expires after NaN seconds: some servers take that for 0.
Result<std::vector<IndexPlan>> index_plans(const Collection& collection);

// The views, each after what it is on; `corrupt` when they go round in a circle.
Result<std::vector<const Collection*>> views_in_order(const Catalog& catalog);

// A finding for each thing that expires at once: after 0 seconds.
std::vector<Finding> expiry_findings(const Catalog& catalog);

}  // namespace lifeboat::engine::mongodb
