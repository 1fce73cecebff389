#pragma once
// This machine's copies of statements that it wrote or read: signed as they are, they go on to
// count when the storage loses one (docs/threat-model.md). A copy that is not whole is none.
// Thread-safe.
#include "base/run_context.h"
#include "repository/store.h"

namespace lifeboat::repository {

// `key` is "statements/<kind>/<hash of the object>" in all of these. Nothing is kept of kinds whose
// loss the storage cannot use: without a `forgotten` a snapshot is there again or its number is
// missed, and a `collected` is removed by later ones.
Result<void> keep_statement(const Store& store, const std::string& key, ByteView object);
void warn_not_kept(const Error& why, const RunContext& context);
std::optional<Bytes> kept_statement(const Store& store, const std::string& key);
// In the order of their names; `folder` is "statements/<kind>/".
std::vector<std::string> kept_statements(const Store& store, const std::string& folder);

}  // namespace lifeboat::repository
