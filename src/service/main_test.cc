// The tests' own main: cells and filters run from the program that opened them.
#include <gtest/gtest.h>

#include "drill/app/filter.h"
#include "sandbox/agent.h"

int main(int argc, char** argv) {
  if (const auto status = lifeboat::sandbox::run_agent(argc, argv)) return *status;
  if (const auto status = lifeboat::drill::run_filter_process(argc, argv)) return *status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
