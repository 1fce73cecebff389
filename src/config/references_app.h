#pragma once
// What the table of keys cannot say of an application: that its parts fit together. Pure.
#include "config/node.h"
#include "config/problem.h"

namespace lifeboat::config {

// One method for each step, roles and sources that there are, a journey that expects something.
void check_app(const Node& app, const Node& service, Problems& problems);

// ${sandbox.…} of a command: only of sources that there are.
void check_command(const Node& command, const Node& service, Problems& problems);

}  // namespace lifeboat::config
