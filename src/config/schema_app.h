#pragma once
// The part of the table of keys that says what a drill does with an application. Immutable.
#include "config/schema.h"

namespace lifeboat::config {

inline constexpr std::string_view kAppPath = "services.*.drills.*.app";

// What is below that path.
std::span<const Row> app_rows();

}  // namespace lifeboat::config
