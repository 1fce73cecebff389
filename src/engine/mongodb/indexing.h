#pragma once
// Makes the indexes of a collection that has its documents. Stateless.
#include <string>
#include <vector>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {

struct MadeIndexes {
  std::vector<std::string> names;
  // To be run when the documents were compared: until then none of them expires.
  std::vector<Bytes> set_expiry;
};

// All but that of _id, one command each, for FerretDB stumbles over several; the error names the
// index that the server does not take.
Result<MadeIndexes> make_indexes(const Location& at, const Collection& collection);

// "by_name, by_date": all but that of _id; empty when there are no others.
std::string index_names(const Collection& collection);

}  // namespace lifeboat::engine::mongodb
