#pragma once
// What there is to say of a MongoDB source before it is backed up. Functions are thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

Result<std::vector<Advice>> examine_source(const SourceOptions& options, const RunContext& context);

// By the server's own statistics; 0 where this user may not ask for them.
Result<std::uint64_t> estimate_source(const SourceOptions& options);

// What only the same database has in common with itself, whatever name it is reached by: addresses,
// the server's process, the identities of its collections. Of a source that does not answer, its
// addresses.
Result<Identity> identify_source(const SourceOptions& options);
// The same of a place that a restore would fill; it must answer.
Result<PlaceState> look_at_place(const std::string& place);

}  // namespace lifeboat::engine::mongodb
