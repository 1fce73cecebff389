#pragma once
// Every text of an application's options in which variables may stand, but its paths. Stateless.
#include <functional>

#include "base/result.h"
#include "drill/app/options.h"

namespace lifeboat::config {

using VisitText = std::function<Result<void>(std::string&)>;

// Ends at the first error.
Result<void> for_each_text(drill::AppOptions& options, const VisitText& visit);

}  // namespace lifeboat::config
