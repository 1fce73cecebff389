#pragma once
// What a drill of the drill plants: the defects that the engines know, stale data, and an
// application whose surroundings are not right. Values; to plant one spoils what a trial restored,
// or that trial's own copy of the request. One thread for each trial.
#include <functional>

#include "drill/sabotage.h"
#include "drill/step.h"

namespace lifeboat::drill {

using Planted = Result<std::optional<std::string>>;

struct Planting {
  std::string source;  // "db"; "app" "service"
  std::string defect;  // "row-lost"
  Expected expected;
  bool is_of_application = false;  // for the application rung, not for the checks of the data
  // Says what was done, or nothing when there is nothing to spoil; no function when that is known
  // before anything is restored.
  std::function<Planted(Request& request, DrillState& state)> plant;
};

// `state` is that of a trial in which everything is restored.
Result<std::vector<Planting>> data_plantings(const DrillState& state);
std::vector<Planting> stale_plantings(const Request& request);
std::vector<Planting> application_plantings(const DrillState& state);

}  // namespace lifeboat::drill
