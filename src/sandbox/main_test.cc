// The tests' own main: a cell runs its agent from the program that opened it.
#include <gtest/gtest.h>

#include "sandbox/agent.h"

int main(int argc, char** argv) {
  if (const auto status = lifeboat::sandbox::run_agent(argc, argv)) return *status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
