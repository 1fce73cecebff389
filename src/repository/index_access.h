#pragma once
// From the index objects in storage to the table that this machine keeps of them. Thread-safe.
#include <set>

#include "base/entry.h"
#include "base/run_context.h"
#include "repository/index_table.h"
#include "repository/store.h"

namespace lifeboat::repository {

enum class Unlisted : std::uint8_t {
  leave,  // packs that no index lists are not looked for
  read,   // their own directories are read, as where an index is damaged or lost
};

struct OpenedTable {
  std::shared_ptr<const IndexTable> table;
  std::vector<Finding> findings;  // index objects, and with Unlisted::read packs, that are damaged
};

// `verified` are index objects that a reader vouched for, beside those whose signer is trusted
// anyway.
Result<OpenedTable> open_index(const Store& store, const std::set<IndexName>& verified,
                               Unlisted unlisted, const RunContext& context);

}  // namespace lifeboat::repository
