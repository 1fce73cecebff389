#pragma once
// What facts count: rows, files and bytes, by where they stand. Pure.
#include <map>
#include <string>

#include "base/json_value.h"

namespace lifeboat::drill {

// By "tables.orders.rows", "files", "bytes".
using Counts = std::map<std::string, std::uint64_t>;

// Nothing of facts that are no object.
Counts counts_in(const Json& facts);

}  // namespace lifeboat::drill
