// The tests' own main: cells, filters and a server of the sandbox run from the program that opened
// them.
#include <gtest/gtest.h>

#include "drill/app/filter.h"
#include "engine/mongodb/test_stand_in_program.h"
#include "sandbox/agent.h"

int main(int argc, char** argv) {
  if (const auto status = lifeboat::sandbox::run_agent(argc, argv)) return *status;
  if (const auto status = lifeboat::drill::run_filter_process(argc, argv)) return *status;
  if (const auto status = lifeboat::engine::mongodb::testing::run_stand_in(argc, argv))
    return *status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
