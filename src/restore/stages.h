#pragma once
// The time of a restore, cut into stages without a gap between them. Not thread-safe.
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace lifeboat::restore {

struct Stage {
  std::string name;
  Duration elapsed{0};
};

class Stages {
 public:
  explicit Stages(const Clock& clock);
  // All since the last one ended was this one. What comes again, as for each source, is added up.
  void end(std::string_view name);
  std::vector<Stage> take() { return std::move(stages_); }

 private:
  const Clock& clock_;
  Duration last_;
  std::vector<Stage> stages_;
};

Duration sum_of(const std::vector<Stage>& stages);
// In the form of a drill's stages.
Json to_json(const std::vector<Stage>& stages);

}  // namespace lifeboat::restore
