#pragma once
// For this room's tests: a live folder, and plans of one folder that may meet it.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"
#include "restore/plan.h"

namespace lifeboat::restore {

class TargetsFixture : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_directories(live_ / "sub")); }

  Plan plan_to(const fs::path& place) {
    Plan plan;
    plan.items = {{"uploads", "files", place.string(), {}, 0, false}};
    return plan;
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  const fs::path live_ = scratch_.path() / "live";
  TestContext test_;
};

}  // namespace lifeboat::restore
