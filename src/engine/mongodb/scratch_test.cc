#include "engine/mongodb/scratch.h"

#include <gmock/gmock.h>

#include "engine/mongodb/before_restore.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/identity.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::Application;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StandInServer;
using testing::TestServer;

const std::string kToken = "0123456789abcdef01234567";
const std::string kOther = "76543210fedcba9876543210";

TEST(ScratchNames, HoldTheTokenAndTheSourceWithinWhatServersAllow) {
  EXPECT_EQ(scratch_database(kToken, 1, "db"), "lifeboat_" + kToken + "_1_db");
  const auto longest = scratch_database(kToken, 12, std::string(64, 'x'));
  EXPECT_EQ(longest.size(), 63U);
  EXPECT_TRUE(check_database_name(longest));
  EXPECT_NE(scratch_database(kToken, 1, std::string(64, 'x')),
            scratch_database(kToken, 2, std::string(64, 'x')));
  EXPECT_EQ(scratch_database(kToken, 1, "a.b/c$"), "lifeboat_" + kToken + "_1_a_b_c_");
}

TEST(ScratchNames, AreToldFromTheNamesOfOthers) {
  EXPECT_TRUE(is_scratch_database(scratch_database(kToken, 1, "db")));
  for (const auto* other : {"shop", "lifeboat_shop", "lifeboat_", "lifeboat_0123_1_db", ""})
    EXPECT_FALSE(is_scratch_database(other)) << other;
  EXPECT_FALSE(is_scratch_database("lifeboat_" + kToken));
  EXPECT_FALSE(is_scratch_database("lifeboat_0123456789ABCDEF01234567_1_db"));
}

TEST(ScratchNames, LeaveOutOfCatalogsTheTokenOfThatDatabaseAlone) {
  const auto database = scratch_database(kToken, 1, "db");
  EXPECT_TRUE(is_token_collection(database, token_collection(kToken)));
  EXPECT_FALSE(is_token_collection(database, token_collection(kOther)));
  EXPECT_FALSE(is_token_collection("shop", token_collection(kToken)));
  EXPECT_FALSE(is_token_collection(database, "orders"));
}

// A server that others use too, with a database of theirs.
class ScratchServer : public ::testing::Test {
 protected:
  void SetUp() override { others().insert("items", testing::many_documents(20)); }
  Application others() const { return {server_.uri(), "others"}; }
  Application at(const std::string& database) const { return {server_.uri(), database}; }
  std::vector<std::string> databases() const { return list_databases(open_->connect()).value(); }
  Result<void> make() const { return make_scratch(*open_, database_, kToken, "drill shop/d"); }
  Result<void> drop() const { return drop_scratch(*open_, database_, kToken); }

  const TestServer server_;
  const std::unique_ptr<Server> open_ = Server::open(Secret::from_text(server_.uri())).value();
  const std::string database_ = scratch_database(kToken, 1, "db");
};

TEST_F(ScratchServer, GetsADatabaseThatIsEmptyToWhoeverRestoresAndIsDroppedWhole) {
  LIFEBOAT_OK(make());
  EXPECT_THAT(read_catalog(open_->connect(), database_)->collections, IsEmpty());
  at(database_).insert("orders", testing::many_documents(5));
  EXPECT_EQ(read_catalog(open_->connect(), database_)->collections.size(), 1U);
  LIFEBOAT_OK(drop());
  EXPECT_THAT(databases(), ElementsAre("others"));
  LIFEBOAT_OK(drop());  // what is gone is gone
}

TEST_F(ScratchServer, IsRefusedWhereThereIsADatabaseOfThatName) {
  at(database_).insert("orders", testing::many_documents(5));
  const auto made = make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::refused);
  EXPECT_THAT(made.error().describe(), HasSubstr(database_));
}

TEST_F(ScratchServer, LosesNoDatabaseThatDoesNotHoldTheTokenWhateverItsName) {
  at(database_).insert("orders", testing::many_documents(5));
  EXPECT_EQ(drop().error().code(), Code::refused);
  at(database_).insert(token_collection(kToken), {DocumentBuilder().text("_id", kOther).take()});
  EXPECT_EQ(drop().error().code(), Code::refused);
  EXPECT_THAT(databases(), Contains(database_));
  at(database_).insert(token_collection(kToken), {DocumentBuilder().text("_id", kToken).take()});
  LIFEBOAT_OK(drop());
}

TEST_F(ScratchServer, IsAPlaceOfItsOwnByTheAddressOfTheServer) {
  const auto location = locate(place_in(database_, server_.uri("others")));
  LIFEBOAT_OK(location);
  EXPECT_EQ(location->database, database_);
  EXPECT_EQ(locate("in:a.b:" + server_.uri()).error().code(), Code::config_invalid);
  EXPECT_EQ(locate("in:nothing").error().code(), Code::usage);
}

std::vector<std::string> shared(const Identity& one, const Identity& other) {
  std::vector<std::string> names;
  for (const auto& each : one.names)
    if (std::ranges::find(other.names, each) != other.names.end()) names.push_back(each);
  return names;
}

TEST_F(ScratchServer, IsKnownByWhatItHoldsHoweverItIsReached) {
  const auto source = identify_server(testing::source_at(server_.uri(), "others"));
  LIFEBOAT_OK(source);
  const auto same = identify_server(*open_, {"others"});
  LIFEBOAT_OK(same);
  EXPECT_EQ(shared(*source, *same).size(), 1U);
  const TestServer another;
  Application(another.uri(), "others").insert("items", testing::many_documents(20));
  const auto opened = Server::open(Secret::from_text(another.uri())).value();
  EXPECT_THAT(shared(*source, *identify_server(*opened, {"others"})), IsEmpty());
}

TEST(ScratchIdentity, IsOfTheProcessTheSetAndItsMembersWhateverTheDatabase) {
  const StandInServer server({.process = "65f0a1b2c3d4e5f607182930", .set_id = kToken});
  const auto source = identify_server(testing::source_at(server.uri(), "shop"));
  LIFEBOAT_OK(source);
  EXPECT_THAT(source->names,
              ElementsAre("process 65f0a1b2c3d4e5f607182930", "replica set " + kToken));
  EXPECT_THAT(source->addresses, Contains("127.0.0.1:" + std::to_string(server.port())));
}

TEST(ScratchIdentity, CannotBeAskedOfAServerThatIsGoneOrHadOfAShardedCluster) {
  const StandInServer router({.is_router = true});
  const auto opened = Server::open(Secret::from_text(router.uri())).value();
  EXPECT_EQ(identify_server(*opened, {}).error().code(), Code::refused);
  const auto gone =
      Server::open(Secret::from_text("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"));
  EXPECT_EQ(identify_server(**gone, {}).error().code(), Code::unavailable);
}

// Of the sources of a cluster it has a part, and not always one by which it is known.
TEST(ScratchIdentity, CannotBeHadOfOneShardOfACluster) {
  const StandInServer shard({.is_shard = true});
  const auto opened = Server::open(Secret::from_text(shard.uri())).value();
  const auto refused = identify_server(*opened, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().describe(), HasSubstr("one shard of a sharded cluster"));
  const StandInServer alone;
  LIFEBOAT_OK(identify_server(*Server::open(Secret::from_text(alone.uri())).value(), {}));
}

// On a server of one's own nothing expires until all is compared.
TEST(ScratchLosses, AreDocumentsThatTheServerWouldDeleteBeforeTheyAreCompared) {
  const std::string kTtl = R"({"v": 2, "key": {"at": 1}, "name": "ttl", "expireAfterSeconds": 9})";
  const auto bytes = encode_catalog({"shop", {with_options("items", "{}", {kTtl})}});
  const auto lost_at = [&](const StandInServer& server, const std::string& database) {
    return losses_at(server.uri(database), {bytes, {}, Json(), {}}).value();
  };
  const auto scratch = scratch_database(kToken, 1, "db");
  const StandInServer deleting;
  ASSERT_EQ(lost_at(deleting, scratch).size(), 1U);
  EXPECT_EQ(lost_at(deleting, scratch)[0].code, "expiry-not-held-off");
  EXPECT_EQ(lost_at(deleting, scratch)[0].subject, "shop.items, index ttl");
  EXPECT_THAT(lost_at(deleting, "shop"), IsEmpty());
  Application(deleting.uri(), "admin").insert("kept", {testing::document(1)});
  EXPECT_THAT(lost_at(deleting, scratch), IsEmpty());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
