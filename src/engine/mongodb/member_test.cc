// From which member of a replica set a source is read: a primary and a secondary, which are two
// stand-ins that know of each other.
#include "engine/mongodb/member.h"

#include <gmock/gmock.h>

#include "engine/mongodb/test_logged_shop.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StandInServer;

// One document more is on the secondary, so that it is seen who was read.
class TwoMembers : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto* each : {&primary_, &secondary_})
      testing::Application(each->uri(), "shop").insert("items", testing::many_documents(20));
    testing::Application(secondary_.uri(), "shop").insert("items", {testing::document(99)});
    secondary_.model().set_primary(false);
    introduce(address_of(primary_));
    options_.mongodb.read_preference = ReadPreference::secondary;
  }
  static std::string address_of(const StandInServer& server) {
    return "127.0.0.1:" + std::to_string(server.port());
  }
  void introduce(const std::string& primary) {
    const std::vector<std::string> all{address_of(primary_), address_of(secondary_)};
    primary_.model().set_members({all, all[0], all[0]});
    secondary_.model().set_members({all, all[1], primary});
  }
  void take_out_secondary() {
    const auto primary = address_of(primary_);
    secondary_.model().set_members({{primary}, address_of(secondary_), primary});
  }
  static std::string uri_of(const std::string& hosts, const std::string& more) {
    return "mongodb://" + hosts + "/?serverSelectionTimeoutMS=3000&" + more;
  }
  std::string uri_of_set() const {
    return uri_of(address_of(primary_) + "," + address_of(secondary_), "replicaSet=rs0");
  }
  void read_by(const std::string& uri) {
    options_.uri = std::make_shared<const Secret>(Secret::from_text(uri));
  }
  Result<contract::Capture> capture() {
    return contract::capture(mongodb_engine(), options_, test_.context);
  }
  // What each handshake with the secondary asked for first; empty where for nothing.
  std::vector<std::string> compressions() const {
    std::vector<std::string> first;
    for (const auto& each : secondary_.received("isMaster")) {
      const auto compression = view_document(each).document_at("compression");
      if (!compression) continue;
      first.emplace_back(compression->text_at("0").value_or(""));
    }
    return first;
  }
  // What a backup read of whom.
  void expect_all_of_the_secondary(const contract::Capture& captured) {
    EXPECT_EQ(captured.outcome.facts["collections"]["items"]["documents"], 21);
    EXPECT_THAT(primary_.received("find"), IsEmpty());
    EXPECT_THAT(primary_.received("listCollections"), IsEmpty());
    EXPECT_EQ(captured.outcome.position["member"]["address"], address_of(secondary_));
    EXPECT_EQ(captured.outcome.position["member"]["state"], "secondary");
  }

  TestContext test_;
  StandInServer primary_;
  StandInServer secondary_;
  SourceOptions options_ = testing::source_at(uri_of_set(), "shop");
};

TEST_F(TwoMembers, ASecondaryIsReadAloneAndItsLagIsInTheManifest) {
  secondary_.model().set_lag(4);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  expect_all_of_the_secondary(*captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "snapshot");
  const auto lag = captured->outcome.position["member"]["lag_seconds"].get<int>();
  EXPECT_GE(lag, 3);
  EXPECT_LE(lag, 4);
  EXPECT_TRUE(captured->outcome.findings.empty());
}

TEST_F(TwoMembers, TheOneMemberIsAskedForTheCompressionThatTheUriNames) {
  const auto before = compressions().size();  // the fixture's own
  read_by(uri_of_set() + "&compressors=zlib");
  LIFEBOAT_OK(capture());
  const auto after = compressions();
  ASSERT_GE(after.size(), before + 2) << "the set's, and the member's alone";
  for (auto i = before; i < after.size(); ++i) EXPECT_EQ(after[i], "zlib") << i;
}

TEST_F(TwoMembers, WithoutThePreferenceThePrimaryIsReadAndNobodyNamed) {
  options_.mongodb = {};
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 20);
  EXPECT_FALSE(captured->outcome.position.contains("member"));
}

TEST_F(TwoMembers, ASecondaryThatLagsTooMuchIsNotRead) {
  secondary_.model().set_lag(50);
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable);
  EXPECT_THAT(failure_of(captured), HasSubstr(address_of(secondary_) + " is "));
  EXPECT_THAT(failure_of(captured), HasSubstr(" s behind the primary, and max_lag is 30"));
  EXPECT_THAT(secondary_.received("find"), IsEmpty());
  // The twin: it may.
  options_.mongodb.max_lag = std::chrono::minutes(1);
  LIFEBOAT_OK(capture());
}

TEST_F(TwoMembers, AThirdIsReadWhereTheSecondLags) {
  StandInServer third;
  testing::Application(third.uri(), "shop").insert("items", testing::many_documents(20));
  third.model().set_primary(false);
  const std::vector<std::string> all{address_of(primary_), address_of(secondary_),
                                     address_of(third)};
  primary_.model().set_members({all, all[0], all[0]});
  secondary_.model().set_members({all, all[1], all[0]});
  third.model().set_members({all, all[2], all[0]});
  read_by(uri_of(all[0] + "," + all[1] + "," + all[2], "replicaSet=rs0"));
  // Which is asked first is a matter of chance.
  for (int i = 0; i < 8; ++i) {
    const bool is_third = i % 2 == 0;
    secondary_.model().set_lag(is_third ? 50 : 0);
    third.model().set_lag(is_third ? 0 : 50);
    const auto captured = capture();
    LIFEBOAT_OK(captured);
    EXPECT_EQ(captured->outcome.position["member"]["address"], all[is_third ? 2 : 1]) << i;
  }
}

TEST_F(TwoMembers, OneThatFellBehindMeanwhileIsAFindingAndNoFailure) {
  secondary_.plant({.command = "find",
                    .kind = testing::Fault::Kind::none,
                    .collection = "items",
                    .meanwhile = [this] { secondary_.model().set_lag(70); }});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  ASSERT_THAT(captured->outcome.findings, SizeIs(1));
  const auto& finding = captured->outcome.findings.front();
  EXPECT_EQ(finding.code, "member-lagging");
  EXPECT_FALSE(finding.incomplete);
  EXPECT_THAT(finding.message, HasSubstr("behind the primary when the backup ended"));
  EXPECT_GE(captured->outcome.position["member"]["lag_seconds_at_end"].get<int>(), 60);
}

TEST_F(TwoMembers, ALagThatNobodyCanTellIsNone) {
  introduce("");
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable);
  EXPECT_THAT(failure_of(captured), HasSubstr("the replica set has no primary"));
  EXPECT_THAT(std::string(captured.error().hint()), HasSubstr("Leave read_preference out"));
  EXPECT_THAT(secondary_.received("find"), IsEmpty());
}

TEST_F(TwoMembers, TheLagBehindOneThatIsThePrimaryNoMoreIsNone) {
  read_by(uri_of(address_of(secondary_), "directConnection=true"));
  primary_.model().set_primary(false);
  const auto captured = capture();
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().code(), Code::unavailable);
  EXPECT_THAT(failure_of(captured), HasSubstr(address_of(primary_) + " is the primary no more"));
  primary_.model().set_primary(true);
  LIFEBOAT_OK(capture());
}

TEST_F(TwoMembers, OneThatIsNeitherPrimaryNorSecondaryIsNotTakenForOneThatLagsByNothing) {
  read_by(uri_of(address_of(secondary_), "directConnection=true"));
  take_out_secondary();
  for (const auto wanted : {ReadPreference::secondary, ReadPreference::secondary_preferred}) {
    options_.mongodb.read_preference = wanted;
    const auto captured = capture();
    ASSERT_FALSE(captured);
    EXPECT_EQ(captured.error().code(), Code::unavailable);
    EXPECT_THAT(failure_of(captured), HasSubstr("it is no secondary, and no primary either"));
  }
  introduce(address_of(primary_));
  LIFEBOAT_OK(capture());
}

TEST_F(TwoMembers, OneThatIsASecondaryNoMoreAtTheEndHasALagThatNobodyKnows) {
  secondary_.plant({.command = "find",
                    .kind = testing::Fault::Kind::none,
                    .collection = "items",
                    .meanwhile = [this] { take_out_secondary(); }});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_TRUE(captured->outcome.position["member"]["lag_seconds_at_end"].is_null());
  ASSERT_THAT(captured->outcome.findings, SizeIs(1));
  EXPECT_EQ(captured->outcome.findings.front().code, "member-lagging");
}

TEST_F(TwoMembers, TheTimeOfACopyOfNoOneMomentIsAsOldAsTheMember) {
  secondary_.model().ignore_read_concern();
  secondary_.model().set_lag(20);
  secondary_.plant({.command = "find",
                    .refusal = {13, "Unauthorized", "not authorized on local"},
                    .collection = "oplog.rs"});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& position = captured->outcome.position;
  EXPECT_EQ(position["consistency"], "per-collection");
  const std::chrono::seconds lag(position["member"]["lag_seconds"].get<int>());
  EXPECT_GE(lag.count(), 19);
  EXPECT_EQ(position["time"], to_rfc3339(test_.context.clock.now() - lag));
}

TEST_F(TwoMembers, ThePrimaryThatDiesMeanwhileLeavesTheLagUnknownAtTheEnd) {
  secondary_.plant({.command = "find",
                    .kind = testing::Fault::Kind::none,
                    .collection = "items",
                    .meanwhile = [this] { primary_.kill(); }});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 21);
  EXPECT_TRUE(captured->outcome.position["member"]["lag_seconds_at_end"].is_null());
  ASSERT_THAT(captured->outcome.findings, SizeIs(1));
  EXPECT_EQ(captured->outcome.findings.front().code, "member-lagging");
}

TEST_F(TwoMembers, TheSecondaryMayBeTheOneThatTheUriNames) {
  read_by(uri_of(address_of(secondary_), "directConnection=true"));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  expect_all_of_the_secondary(*captured);
}

TEST_F(TwoMembers, ThePrimaryIsReadWhereItIsPreferredToNothingAndNeverForASecondary) {
  read_by(uri_of(address_of(primary_), "directConnection=true"));
  const auto refused = capture();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::config_invalid);
  EXPECT_THAT(failure_of(refused), HasSubstr("is no secondary"));
  options_.mongodb.read_preference = ReadPreference::secondary_preferred;
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["member"]["state"], "primary");
  EXPECT_EQ(captured->outcome.position["member"]["lag_seconds"], 0);
}

TEST_F(TwoMembers, TheLogIsFollowedFromTheSecondaryTooAsLongAsItKeepsUp) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& about = captured->outcome.position["log"];
  const auto follow = [&]() -> Result<LogPiece> {
    const auto log = TRY(make_change_log(options_));
    return log->read(about, test_.context);
  };
  const auto piece = follow();
  LIFEBOAT_OK(piece);
  EXPECT_EQ(piece->broken, "");
  EXPECT_THAT(primary_.received("find"), IsEmpty());
  secondary_.model().set_lag(50);
  const auto refused = follow();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_THAT(failure_of(refused), HasSubstr("behind the primary"));
}

TEST_F(TwoMembers, TheDoctorSaysWhoIsReadAndWhoLags) {
  const auto messages = [&] {
    std::string all;
    const auto advices = mongodb_engine().examine(options_, test_.context).value();
    for (const auto& each : advices) all += each.message + "\n";
    return all;
  };
  EXPECT_THAT(messages(), HasSubstr("it reads from " + address_of(secondary_) + ", a secondary"));
  secondary_.model().set_lag(50);
  EXPECT_THAT(messages(), HasSubstr("and max_lag is 30"));
}

TEST(OneServer, IsNoSecondaryOfAnything) {
  TestContext test;
  const StandInServer server({.replica_set = false});
  testing::Application(server.uri(), "shop").insert("items", testing::many_documents(3));
  auto options = testing::source_at(server.uri(), "shop");
  LIFEBOAT_OK(contract::capture(mongodb_engine(), options, test.context));
  options.mongodb.read_preference = ReadPreference::secondary_preferred;
  const auto refused = contract::capture(mongodb_engine(), options, test.context);
  ASSERT_FALSE(refused);
  EXPECT_THAT(failure_of(refused), HasSubstr("is no member of a replica set"));
}

// FerretDB really asks for the password.
TEST(OneMember, IsAskedAsTheUserOfTheUri) {
  const testing::TestServer server(testing::ServerOptions{.authentication = true});
  const auto whole = Server::open(Secret::from_text(server.uri("shop"))).value();
  const auto alone = whole->only(whole->secondaries(true).value().front());
  LIFEBOAT_OK(alone);
  EXPECT_EQ((*alone)->database(), "shop");
  const auto command = DocumentBuilder().int32("listDatabases", 1).take();
  const auto reply = (*alone)->connect().command("admin", command);
  EXPECT_TRUE(reply) << failure_of(reply);
  for (const auto* hostile : {"db2:27017/?tls=false", "anna@db2:27017", "", "db2,db3"})
    EXPECT_FALSE(whole->only(hostile)) << hostile;
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
