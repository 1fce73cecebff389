#pragma once
// The JSON of values that several answers hold. Pure.
#include "base/json_value.h"
#include "service/service.h"

namespace lifeboat::service {

Json to_json(const Error& error);
Json to_json(const std::vector<Finding>& findings);
Json to_json(const repository::SnapshotInfo& snapshot);
Json to_json(const restore::Plan& plan);
Json to_json(const LogOutcome& outcome);
// "admin" "writer" "reader" "collector"
std::string name_of(repository::Role role);

}  // namespace lifeboat::service
