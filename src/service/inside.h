#pragma once
// This program as its own helper: inside a drill's sandbox, and beside a drill to run filters.
#include <optional>

namespace lifeboat::service {

// The exit status when the program was started as one of them; main() asks first of all.
std::optional<int> run_inside(int argc, char** argv);

}  // namespace lifeboat::service
