#include <gtest/gtest.h>

#include "drill/foreign.h"
#include "drill/like_server.h"

namespace lifeboat::drill {
namespace {

TEST(ServerOfADump, IsToldByTheConfigurationOrByTheHeadOfAnArchiveOnMongoDb) {
  const auto outcome = [](const ServerOfDump& dump, const std::string& product,
                          const std::string& version) {
    return judge_server_of_dump("legacy", dump, product, version).outcome;
  };
  EXPECT_EQ(outcome({"", "7.0.12"}, "MongoDB 7.0.1", "7.0.1"), Outcome::passed);
  EXPECT_EQ(outcome({"", "7.0.12"}, "MongoDB 10.0.1", "10.0.1"), Outcome::passed);
  EXPECT_EQ(outcome({"", "8.0.12"}, "MongoDB 7.0.1", "7.0.1"), Outcome::not_run);
  EXPECT_EQ(outcome({"", "8.2.1"}, "MongoDB 8.0.4", "8.0.4"), Outcome::not_run);
  EXPECT_EQ(outcome({"MongoDB 7", "8.0.12"}, "MongoDB 7.0.1", "7.0.1"), Outcome::not_run);
  EXPECT_EQ(outcome({"MongoDB 8", "7.0.12"}, "MongoDB 7.0.1", "7.0.1"), Outcome::not_run);
  EXPECT_EQ(outcome({"MongoDB 7", ""}, "MongoDB 7.0.1", "7.0.1"), Outcome::passed);
  EXPECT_EQ(outcome({"", ""}, "MongoDB 7.0.1", "7.0.1"), Outcome::not_run);
  EXPECT_EQ(outcome({"", "7.0.42"}, "FerretDB v1.24.0", "7.0.42"), Outcome::not_run);
  EXPECT_EQ(outcome({"FerretDB 1.24", "7.0.42"}, "FerretDB v1.24.0", "7.0.42"), Outcome::passed);
  EXPECT_EQ(outcome({"FerretDB 1.24", ""}, "MongoDB 7.0.1", "7.0.1"), Outcome::not_run);
}

TEST(ImportedDump, IsJudgedByWhatIsUnequalAndByWhatWasNotCompared) {
  const auto outcome = [](Imported imported) { return judge_import("legacy", imported).outcome; };
  EXPECT_EQ(outcome({.documents = 3}), Outcome::passed);
  EXPECT_EQ(outcome({.documents = 3, .unequal = {"orders has 2 documents, the dump 3"}}),
            Outcome::failed);
  EXPECT_EQ(outcome({.documents = 3, .not_compared = {"orders: no _id"}}), Outcome::not_run);
  EXPECT_EQ(outcome({.documents = 3, .unequal = {"a"}, .not_compared = {"b"}}), Outcome::failed);
}

}  // namespace
}  // namespace lifeboat::drill
