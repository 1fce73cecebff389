#pragma once
// Holds a file's nodes against the schema. Pure and thread-safe.
#include "config/problem.h"
#include "config/template.h"

namespace lifeboat::config {

// Unknown keys, missing keys, wrong types and values. A value with variables is checked when they
// are set; when not, nothing is said, for the command may never use it.
void check_against_schema(const Node& root, const Variables& variables, Problems& problems);

}  // namespace lifeboat::config
