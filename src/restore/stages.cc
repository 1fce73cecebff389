#include "restore/stages.h"

#include <algorithm>

#include "base/json_value.h"

namespace lifeboat::restore {

Stages::Stages(const Clock& clock) : clock_(clock), last_(clock.steady()) {}

void Stages::end(std::string_view name) {
  const Duration now = clock_.steady();
  auto stage = std::ranges::find(stages_, name, &Stage::name);
  if (stage == stages_.end()) stage = stages_.insert(stages_.end(), Stage{std::string(name), {}});
  stage->elapsed += now - last_;
  last_ = now;
}

Duration sum_of(const std::vector<Stage>& stages) {
  Duration sum{0};
  for (const auto& stage : stages) sum += stage.elapsed;
  return sum;
}

Json to_json(const std::vector<Stage>& stages) {
  Json list = Json::array();
  for (const auto& stage : stages)
    list.push_back({{"name", stage.name},
                    {"milliseconds", whole_milliseconds(stage.elapsed)},
                    {"outcome", "done"}});
  return list;
}

}  // namespace lifeboat::restore
