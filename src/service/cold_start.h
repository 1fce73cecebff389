#pragma once
// A drill as on the day when everything but the repository and one key is lost. Stateless.
#include "service/calls.h"
#include "service/compose.h"
#include "service/given_key.h"

namespace lifeboat::service {

struct ColdRequest {
  DrillRequest drill;
  GivenKey key;
};

// The configuration is the one inside the snapshot, without any variable; the cache is empty. Of
// this machine only the repository's place is used, what production must not be touched, and where
// the evidence is written. `config_invalid` when the drill needs a variable.
Result<DrillEnd> run_cold_drill(const Setup& setup, Composition& composition,
                                const ColdRequest& request, const RunContext& context);

}  // namespace lifeboat::service
