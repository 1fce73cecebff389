#pragma once
// The keys of the checks that ask the restored databases and their files. Pure.
#include "config/schema.h"

namespace lifeboat::config {

// The question before which these stand in the table.
inline constexpr std::string_view kQuestionsPath = "services.*.drills.*.checks.[]";

std::span<const Row> question_rows();

}  // namespace lifeboat::config
