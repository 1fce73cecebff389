#pragma once
// What a checked `notifiers:` entry says, as values. Pure.
#include "config/config.h"
#include "config/place.h"

namespace lifeboat::config {

Result<Notifier> bind_notifier(const std::string& name, const Place& place);

}  // namespace lifeboat::config
