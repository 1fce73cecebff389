#pragma once
// Turns the nodes of a drill's programs and questions into options. Pure.
#include "config/place.h"
#include "drill/options.h"

namespace lifeboat::config {

// `number` names those that have no name.
Result<drill::CommandCheck> bind_command(const Place& place, std::size_t number);
drill::ManualCheck bind_manual(const Place& place);
Result<drill::BeforeCommand> bind_before(const Place& place, std::size_t number);

}  // namespace lifeboat::config
