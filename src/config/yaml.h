#pragma once
// Reads YAML text into nodes with their places; the one file that knows the YAML library.
// Thread-safe.
#include <optional>
#include <string_view>

#include "config/problem.h"

namespace lifeboat::config {

// One document in UTF-8 of at most 1 MiB, 32 levels and 50 000 nodes (aliases count each time).
// Syntax errors, tabs in the indentation and keys given twice become problems; no document at all
// when it could not be read to its end.
std::optional<Node> read_yaml(std::string_view text, Problems& problems);

}  // namespace lifeboat::config
