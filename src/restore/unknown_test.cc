#include "restore/unknown.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"

namespace lifeboat::restore {
namespace {

namespace fs = std::filesystem;

class UnknownTest : public ::testing::Test {
 protected:
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  const fs::path live_ = scratch_.path() / "live";
  TestContext test_;

  Plan plan_to(const fs::path& place) {
    Plan plan;
    plan.items = {{"uploads", "files", place.string(), {}, 0, false}};
    return plan;
  }
  Result<void> check(Plan& plan, const std::vector<Protected>& guarded) {
    TRY(check_targets(plan, guarded, test_.context));
    return check_unknown(plan, guarded);
  }
  void SetUp() override { ASSERT_TRUE(make_directories(live_ / "sub")); }
};

TEST_F(UnknownTest, WhereARepositoryIsNotKnownNothingThatIsThereIsChanged) {
  const std::vector<Protected> unknown{
      {"repository offsite", {}, true, {}, "the variable OFFSITE is not set"}};
  auto plan = plan_to(live_);
  plan.overwrite = true;
  const auto checked = check(plan, unknown);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::refused);
  EXPECT_NE(checked.error().message().find("OFFSITE"), std::string::npos);
  auto beside = plan_to(scratch_.path() / "fresh");
  ASSERT_TRUE(check(beside, unknown));
  EXPECT_EQ(beside.unknown.size(), 1U);
}

TEST_F(UnknownTest, ASourceThatIsNotKnownIsNamedBesideWhatIsChanged) {
  for (const auto* why : {"the variable DATABASE is not set", ""}) {
    auto plan = plan_to(live_);
    plan.overwrite = true;
    ASSERT_TRUE(check(plan, {{"source shop/db", {}, false, {}, why}}));
    const std::vector<std::string> named{"source shop/db: the variable DATABASE is not set"};
    EXPECT_EQ(plan.unknown, *why == '\0' ? std::vector<std::string>{} : named);
  }
}

}  // namespace
}  // namespace lifeboat::restore
