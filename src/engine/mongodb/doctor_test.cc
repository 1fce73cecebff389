#include "engine/mongodb/doctor.h"

#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::HasSubstr;

class MongoDoctor : public testing::ShopTest {
 protected:
  // What it says of clocks, where this machine's is so much ahead of the server's, which is right.
  std::vector<std::string> said_of_clocks(Duration ahead) {
    live().insert("items", {testing::document(1)});
    test_.clock.set(SystemClock().now() + ahead);
    const auto advices = examine_source(options_, test_.context).value();
    std::vector<std::string> said;
    for (const auto& each : advices)
      if (each.message.find("clock") != each.message.npos) said.push_back(each.message);
    return said;
  }
};

TEST_F(MongoDoctor, SaysByHowMuchAServersClockIsBehind) {
  EXPECT_THAT(
      said_of_clocks(std::chrono::hours(24)),
      ::testing::ElementsAre(HasSubstr("behind this machine's: --at goes by the server's")));
}

TEST_F(MongoDoctor, SaysByHowMuchAServersClockIsAhead) {
  EXPECT_THAT(said_of_clocks(-std::chrono::hours(24)),
              ::testing::ElementsAre(HasSubstr("ahead of this machine's")));
}

TEST_F(MongoDoctor, SaysNothingOfClocksThatAgree) {
  EXPECT_TRUE(said_of_clocks(std::chrono::seconds(2)).empty());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
