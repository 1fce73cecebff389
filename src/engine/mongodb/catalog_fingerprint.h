#pragma once
// What of a catalog must be equal after a restore: one hash of each collection's type, options and
// indexes, free of what differs between servers without a meaning. Pure functions.
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {

// The document that is hashed: {type, options, indexes}, options and the fields of indexes by
// name, indexes by their names. Numbers in keys, weights and sizes are int64 where they are whole;
// flags are booleans; what says the default is left out, and so is what belongs to one server: v,
// ns, background, autoIndexId, recordIdsReplicated, temp, the collation's version.
Bytes normalised(const Collection& collection);

crypto::Digest fingerprint_of(const Collection& collection);
// Of all collections by name: SHA-256 over `sized(name) ‖ fingerprint`.
crypto::Digest fingerprint_of(const Catalog& catalog);

struct CatalogChange {
  std::string object;  // "orders" or "orders, index by_date"
  std::string change;  // "appeared", "vanished", "was made anew", "changed"

  bool operator==(const CatalogChange&) const = default;
};

// What happened between two looks at the same database, by name; none means that nothing did. A
// collection with another uuid was dropped and made anew, whatever its options say.
std::vector<CatalogChange> differences(const Catalog& before, const Catalog& after);

}  // namespace lifeboat::engine::mongodb
