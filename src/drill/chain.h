#pragma once
// The chain of a service's drills in one repository: each record names the one before by its
// digest, so that none can be taken out, put in or moved unseen. Pure.
#include <vector>

#include "drill/evidence.h"

namespace lifeboat::drill {

struct ChainPlace {
  std::int64_t position = 1;  // counted from 1
  std::string previous;       // the digest of the record before; empty for the first
};

Json to_json(const ChainPlace& place);
// Nothing for records outside a chain: restores, and those of the first form.
std::optional<ChainPlace> place_of(const Json& evidence);
// The place after the newest of `records`, which may hold others than chained ones.
ChainPlace place_after(const std::vector<SignedRecord>& records);

// Records in the order they were made, from any position on.
Believed<void> verify_chain(const std::vector<SignedRecord>& records);

}  // namespace lifeboat::drill
