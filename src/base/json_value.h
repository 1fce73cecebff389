#pragma once
// The whole JSON type, for .cc files that build or look into values.
#include <nlohmann/json.hpp>  // IWYU pragma: export

#include "base/json.h"  // IWYU pragma: export
