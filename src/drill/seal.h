#pragma once
// The end of a drill: evidence signed and written beside the repository and into it. Stateless.
#include "drill/drill.h"
#include "drill/history.h"

namespace lifeboat::drill {

// Where the evidence goes, and after which records it takes its place.
struct SealingPlace {
  const Request& request;
  const History& history;
  repository::Repository& repository;
};

Result<Sealed> seal(Report report, const SealingPlace& place, const RunContext& context);

}  // namespace lifeboat::drill
