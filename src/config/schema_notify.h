#pragma once
// The rows of `notifiers:`, a part of the one table (schema.h). Immutable; thread-safe.
#include "config/schema.h"

namespace lifeboat::config {

std::span<const Row> notify_rows();

}  // namespace lifeboat::config
