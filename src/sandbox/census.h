#pragma once
// What the processes of a cell use and have tried, counted from inside it. Stateless.
#include <cstdint>
#include <vector>

#include "base/json_value.h"

namespace lifeboat::sandbox {

struct Census {
  std::uint64_t processes = 0;  // besides the agent
  std::uint64_t memory = 0;     // bytes they have in memory, what they share with one another once
  std::uint64_t memory_peak = 0;         // the most that was ever counted; the agent keeps it
  std::uint64_t disk_free = 0;           // bytes beside the data
  std::uint64_t outward = 0;             // connections and packets that found no way out
  std::vector<std::uint16_t> listening;  // TCP ports
};

Census take_census();
Json to_json(const Census& census);
// `corrupt` when it is not of the form.
Result<Census> read_census(const Json& json);

}  // namespace lifeboat::sandbox
