#pragma once
// What a snapshot left out of its sources on purpose, as its own configuration says: it knows
// nothing of that, so a restore that deletes keeps it. Stateless.
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "repository/repository.h"

namespace lifeboat::service {

// The patterns by source. None for what was saved before a restore: that took everything.
// `config_invalid` names the variable that a pattern needs and that is not set.
Result<std::map<std::string, std::vector<std::string>>> kept_of(
    const repository::SnapshotReader& snapshot, const config::Variables& variables);

}  // namespace lifeboat::service
