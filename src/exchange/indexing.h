#pragma once
// Makes the indexes of a collection that has its documents. Stateless.
#include <string>
#include <vector>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/location.h"

namespace lifeboat::exchange {

struct MadeIndexes {
  std::vector<std::string> names;
  // To be run when the documents were compared: until then none of them expires.
  std::vector<Bytes> set_expiry;
};

// All but that of _id, one command each; the error names the index that the server does not take.
Result<MadeIndexes> make_indexes(const engine::mongodb::Location& at,
                                 const engine::mongodb::Collection& collection);

// "by_name, by_date": all but that of _id; empty when there are no others.
std::string index_names(const engine::mongodb::Collection& collection);

}  // namespace lifeboat::exchange
