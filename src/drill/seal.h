#pragma once
// The end of a drill: evidence signed and written beside the repository and into it. Stateless.
#include "drill/drill.h"

namespace lifeboat::drill {

Result<Sealed> seal(Report report, const Request& request, repository::Repository& repository,
                    const RunContext& context);

}  // namespace lifeboat::drill
