#pragma once
// The part of the table of keys that says where a backup that another tool makes is found.
// Immutable.
#include "config/schema.h"

namespace lifeboat::config {

inline constexpr std::string_view kSourcePath = "services.*.sources.*";

// The keys of a source of the type `foreign`.
std::span<const Row> foreign_rows();

}  // namespace lifeboat::config
