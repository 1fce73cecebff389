#pragma once
// What the table of keys cannot say of a backup that another tool makes: that its keys fit
// together. Pure.
#include "config/node.h"
#include "config/problem.h"

namespace lifeboat::config {

// Either a place and a format, or a command; a database or a folder inside, not both.
void check_foreign(const Node& source, Problems& problems);

// What a source is asked like: "sqlite", "files" or "mongodb"; its own type when that is no known
// one.
std::string kind_of_source(const Node& source);

}  // namespace lifeboat::config
