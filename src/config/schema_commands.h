#pragma once
// The part of the table of keys that says which programs and people a drill asks. Immutable.
#include "config/schema.h"

namespace lifeboat::config {

inline constexpr std::string_view kCommandPath = "services.*.drills.*.checks.[].command";

// That path and what is below it, the questions to people, and the programs ahead of a drill.
std::span<const Row> command_rows();

}  // namespace lifeboat::config
