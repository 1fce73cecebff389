#pragma once
// What the table of keys cannot say: that names in one place are those of another. Pure.
#include "config/node.h"
#include "config/problem.h"

namespace lifeboat::config {

// Repositories, sources and check targets that are named but not there. Passes over what has the
// wrong shape.
void check_references(const Node& root, Problems& problems);

}  // namespace lifeboat::config
