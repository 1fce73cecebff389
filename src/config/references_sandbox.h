#pragma once
// What the table of keys cannot say of where a drill restores to: that its keys fit together, and
// that the drill asks nothing which cannot be had there. Pure.
#include "config/node.h"
#include "config/problem.h"

namespace lifeboat::config {

void check_sandbox(const Node& drill, const Node& service, Problems& problems);

}  // namespace lifeboat::config
