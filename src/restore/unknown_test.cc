#include "restore/unknown.h"

#include "restore/test_targets.h"

namespace lifeboat::restore {
namespace {

class UnknownTest : public TargetsFixture {
 protected:
  Result<void> check(Plan& plan, const std::vector<Protected>& guarded) {
    TRY(check_targets(plan, guarded, test_.context));
    return check_unknown(plan, guarded);
  }
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
