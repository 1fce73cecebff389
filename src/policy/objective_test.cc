#include "policy/objective.h"

#include <gtest/gtest.h>

namespace lifeboat::policy {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

const Objective kHourAndTwo({.rpo = hours(1), .rto = hours(2)});

TEST(Objective, IsMetAtExactlyThePromisedTime) {
  const auto judgement = kHourAndTwo.judge({.rpo = hours(1), .rto = hours(2)});
  EXPECT_EQ(judgement.rpo, Judgement::met);
  EXPECT_EQ(judgement.rto, Judgement::met);
  EXPECT_FALSE(judgement.missed());
}

TEST(Objective, IsMissedJustAfterThePromisedTime) {
  const auto judgement = kHourAndTwo.judge({.rpo = hours(1) + microseconds(1), .rto = hours(1)});
  EXPECT_EQ(judgement.rpo, Judgement::missed);
  EXPECT_EQ(judgement.rto, Judgement::met);
  EXPECT_TRUE(judgement.missed());
}

TEST(Objective, IsNeverMetWithoutAMeasurement) {
  const auto judgement = kHourAndTwo.judge({});
  EXPECT_EQ(judgement.rpo, Judgement::not_measured);
  EXPECT_EQ(judgement.rto, Judgement::not_measured);
}

TEST(Objective, IsNotJudgedWhereNothingWasPromised) {
  const auto judgement = Objective({}).judge({.rpo = hours(1000), .rto = hours(1000)});
  EXPECT_EQ(judgement.rpo, Judgement::not_set);
  EXPECT_EQ(judgement.rto, Judgement::not_set);
  EXPECT_EQ(to_text(judgement.rpo), "not set");
}

}  // namespace
}  // namespace lifeboat::policy
