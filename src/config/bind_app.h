#pragma once
// The application of a drill from its place in the file. Pure.
#include "config/place.h"
#include "drill/app/options.h"

namespace lifeboat::config {

// Of a checked configuration; texts keep their variables.
Result<drill::AppOptions> bind_app(const Place& place);

}  // namespace lifeboat::config
