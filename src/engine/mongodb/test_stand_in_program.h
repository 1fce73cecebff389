#pragma once
// The stand-in as a program of its own, started as mongod is: for tests of what starts servers.
#include <unistd.h>

#include <optional>

#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb::testing {

// For a main(): `mongod --dbpath PATH --bind_ip SOCKET …` serves there until it is killed.
inline std::optional<int> run_stand_in(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv, argv + argc);
  constexpr std::size_t kSocket = 4;
  if (arguments.size() <= kSocket || arguments[1] != "--dbpath" || arguments[3] != "--bind_ip")
    return std::nullopt;
  const StandInServer server({.socket = std::string(arguments[kSocket])});
  for (;;) ::pause();
}

}  // namespace lifeboat::engine::mongodb::testing
