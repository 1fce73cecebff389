#pragma once
// How the program was called, and what every command answers: plain values that need no other room
// to be read.
#include <filesystem>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json_value.h"
#include "base/random.h"

namespace lifeboat::service {

struct Setup {
  std::string config;  // --config; empty when not given
  std::map<std::string, std::string> environment;
  std::filesystem::path working_directory;
  Duration lock_wait{0};
};

// `body` is what --json prints and the REST API sends; `exit_status` is the answer as product.md §3
// counts.
struct Answer {
  Json body;
  int exit_status = 0;
};

// The worst of several services' answers: 4 > 3 > 2 > 1 > 0, and 130 above all.
int worst_exit(int one, int other);

// For the RunContext of a process.
Random& process_random();

}  // namespace lifeboat::service
