#pragma once
// Timestamp(0, 0) at the top of a document that is written whole: a MongoDB server puts the present
// moment in its place, unless it is told not to, which only later versions understand.
#include <string>
#include <vector>

#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

// One that a server would replace: it leaves _id as it is, and what lies deeper.
bool has_empty_timestamp(DocumentView document);

// Looks at those of `documents` that have one, which were just written whole, and puts right what
// the server made of them. What it does is seen, not guessed from its version.
Result<void> keep_empty_timestamps(const Connection& connection, const std::string& database,
                                   const std::string& collection,
                                   const std::vector<ByteView>& documents);

}  // namespace lifeboat::engine::mongodb
