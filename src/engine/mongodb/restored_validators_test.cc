#include <gmock/gmock.h>

#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_stand_in_shop.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A shop with a collection that has a validator, and documents that are older than it.
class RestoredValidators : public testing::StandInShop {
 protected:
  void SetUp() override {
    live().insert("users", {bson_of(R"({"_id": 1, "name": "anna"})")});
    target_.state = scratch_.path().string();
  }
  void break_rules() const { live().insert("users", {bson_of(R"({"_id": 2})")}); }
  void make_strict() const {
    live().run(bson_of(R"({"collMod": "users", "validator": {"name": {"$exists": true}},
                           "validationLevel": "strict", "validationAction": "error"})"));
  }
  Result<std::unique_ptr<Target>> filled(const contract::Capture& captured) {
    auto target = TRY(mongodb_engine().open_target(target_));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : captured.entries) {
      const auto sink = TRY(target->create(info));
      TRY(contract::fill(*sink, content, true));
    }
    return target;
  }
  // With pieces: to the last moment of the last.
  Result<TargetReport> restore(const contract::Capture& captured,
                               const std::vector<LogPiece>& pieces = {}) {
    target_.until = pieces.empty() ? 0 : last_of(pieces.back());
    const auto target = TRY(filled(captured));
    for (const auto& each : pieces) TRY(target->replay(each.content, test_.context));
    return target->finish(test_.context);
  }
  std::vector<std::string> left() const { return validators_left(scratch_.path()).value(); }

  ScratchDirectory scratch_ = ScratchDirectory::make().value();
  TargetOptions target_ = testing::target_at(server_.uri("restored"));
};

auto with_code(const std::string& code) { return Contains(Field(&Finding::code, code)); }

TEST_F(RestoredValidators, AreBackAndSoIsTheDocumentThatBreaksThem) {
  break_rules();
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_THAT(report->findings, with_code("validator-violated"));
  EXPECT_THAT(left(), IsEmpty());
  const auto refused = Server::open(Secret::from_text(server_.uri()))
                           .value()
                           ->connect()
                           .command("restored", bson_of(R"({"insert": "users",
                                                            "documents": [{"_id": 3}]})"));
  EXPECT_FALSE(refused) << "the validator is back";
}

TEST_F(RestoredValidators, AreCountedAfterIndexesAndAnErrorOfThatIsAFinding) {
  break_rules();
  make_strict();
  live().make_index("users", "name", true);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  bool indexed = false;
  server_.plant({.command = "aggregate",
                 .refusal = {50, "MaxTimeMSExpired", "operation exceeded time limit"},
                 .collection = "users",
                 .meanwhile = [&] { indexed = server_.received("createIndexes").size() == 2; }});
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_TRUE(indexed);
  EXPECT_THAT(report->findings, with_code("validator-not-counted"));
  EXPECT_THAT(report->findings, Not(with_code("validator-violated")));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

// Of the log: what it makes of the rules counts, and nobody knows what else of the options.
TEST_F(RestoredValidators, AreCountedByTheRulesThatTheLogLeaves) {
  server_.model().ignore_read_concern();
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().run(bson_of(R"({"collMod": "users", "validator": {"_id": {"$gt": 1}}})"));
  live().insert("users", {bson_of(R"({"_id": 2})"), bson_of(R"({"_id": 3})")});
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto report = restore(*captured, *pieces);
  LIFEBOAT_OK(report);
  ASSERT_EQ(report->applied, 3U);
  ASSERT_EQ(report->findings.size(), 1U) << report->findings[0].message;
  EXPECT_EQ(report->findings[0].code, "validator-violated");
  EXPECT_THAT(report->findings[0].message, HasSubstr("1 documents"));
  EXPECT_EQ(facts("restored"), facts("shop"));
}

TEST_F(RestoredValidators, OfTheLogAreLeftOutWhereTheirLossWasAccepted) {
  server_.model().ignore_read_concern();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().run(bson_of(R"({"create": "late", "validator": {"x": 1}})"));
  live().run(bson_of(R"({"createIndexes": "late", "indexes": [
                         {"key": {"x": 1}, "name": "thin", "sparse": true}]})"));
  make_strict();
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  testing::StandInServer weak({.ferretdb = "v1.24.0"});
  target_.place = weak.uri("restored");
  target_.accept_losses = true;
  const auto report = restore(*captured, *pieces);
  LIFEBOAT_OK(report);
  EXPECT_EQ(report->applied, 3U);
  EXPECT_THAT(report->findings, IsEmpty());
  EXPECT_THAT(weak.received("collMod"), IsEmpty());
  EXPECT_THAT(weak.received("createIndexes"), IsEmpty());
  ASSERT_EQ(weak.received("create").size(), 2U);
  EXPECT_FALSE(view_document(weak.received("create")[1]).find("validator"));
  // Its twin, where nothing was accepted: all of it is asked for.
  target_.accept_losses = false;
  target_.overwrite = target_.delete_strangers = true;
  LIFEBOAT_OK(restore(*captured, *pieces));
  EXPECT_EQ(weak.received("createIndexes").size(), 1U);
  EXPECT_EQ(weak.received("collMod").size(), 2U);
}

TEST_F(RestoredValidators, ThatAreEmptyComeBackAsTheyAreAndTakeNoCommand) {
  live().run(bson_of(R"({"collMod": "users", "validator": {}, "validationLevel": "off"})"));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_THAT(report->findings, IsEmpty());
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  EXPECT_EQ(server_.received("collMod").size(), 1U);
}

TEST_F(RestoredValidators, AreNoFindingWhereEveryDocumentKeepsThem) {
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = restore(*captured);
  LIFEBOAT_OK(report);
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST_F(RestoredValidators, AreKeptUntilTheNextRunWhenTheyDoNotGoBack) {
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  // Once at the end, and once more when the target gives up.
  server_.plant({.command = "collMod", .refusal = {6, "HostUnreachable", "gone"}, .times = 2});
  const auto failed = restore(*captured);
  EXPECT_THAT(contract::failure_of(failed), HasSubstr("could not be put back"));
  ASSERT_EQ(left().size(), 1U);
  EXPECT_THAT(left()[0], HasSubstr("users in restored on "));
  const auto recovered = mongodb_engine().recover(target_);
  LIFEBOAT_OK(recovered);
  EXPECT_THAT(*recovered, with_code("validators-put-back"));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(facts("restored")["collections"]["users"]["options"],
            captured->outcome.facts["collections"]["users"]["options"]);
  EXPECT_THAT(*mongodb_engine().recover(target_), IsEmpty());
}

// A run that ends in order puts them back: what one leaves that is killed is made again.
TEST_F(RestoredValidators, AreFoundAsAKilledRunLeftThem) {
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto file = validators_journal(scratch_.path(), locate(target_.place).value()).value();
  Bytes journal;
  {
    const auto killed = filled(*captured);
    LIFEBOAT_OK(killed);
    journal = read_file(file).value();
  }
  LIFEBOAT_OK(write_file(file, journal));
  testing::Application(server_.uri(), "restored").run(validator_off_command("users"));
  const auto options = [&](const Json& all) { return all["collections"]["users"]["options"]; };
  EXPECT_NE(options(facts("restored")), options(captured->outcome.facts));
  ASSERT_EQ(left().size(), 1U);
  target_.overwrite = true;
  const auto next = restore(*captured);
  LIFEBOAT_OK(next);
  EXPECT_THAT(next->findings, with_code("validators-put-back"));
  EXPECT_EQ(options(facts("restored")), options(captured->outcome.facts));
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RestoredValidators, StayAsideWhileTheLogIsReplayed) {
  make_strict();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("orders", {bson_of(R"({"_id": 1})")});
  live().run(bson_of(R"({"collMod": "orders", "validator": {"total": {"$exists": true}}})"));
  live().run(bson_of(R"({"create": "strict", "validator": {"name": {"$exists": true}}})"));
  live().run(bson_of(R"({"insert": "strict", "documents": [{"_id": 1}],
                         "bypassDocumentValidation": true})"));
  const auto log = mongodb_engine().open_change_log(testing::source_at(server_.uri(), "shop"));
  const auto piece = (*log)->read(captured->outcome.position["log"], test_.context);
  LIFEBOAT_OK(piece);
  target_.until = piece->to;
  const auto target = filled(*captured);
  LIFEBOAT_OK(target);
  LIFEBOAT_OK((*target)->replay(piece->content, test_.context));
  EXPECT_THAT(left(), ::testing::ElementsAre(::testing::StartsWith("orders, strict, users in ")));
  const auto report = (*target)->finish(test_.context);
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_F(RestoredValidators, GoBackAlsoWhenTheRestoreFails) {
  make_strict();
  live().make_index("users", "name", true);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.plant({.command = "insert", .refusal = {6, "HostUnreachable", "gone"}, .times = 5});
  EXPECT_FALSE(restore(*captured));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(facts("restored")["collections"]["users"]["options"],
            captured->outcome.facts["collections"]["users"]["options"]);
}

TEST_F(RestoredValidators, ABackupThatMayNotSeeACollectionFailsAndNamesTheRight) {
  const std::map<std::string, std::string> lacking{
      {"listCollections", "all of shop"}, {"listIndexes", "shop.users"}, {"find", "shop.users"}};
  for (const auto& [command, where] : lacking) {
    server_.plant({.command = command,
                   .refusal = {13, "Unauthorized", "not authorized"},
                   .collection = command == "find" ? "users" : "",
                   .times = 1});
    const auto captured = capture();
    ASSERT_FALSE(captured) << command;
    EXPECT_EQ(captured.error().code(), Code::permission_denied);
    EXPECT_THAT(captured.error().describe(),
                HasSubstr("this user lacks " + command + " on " + where));
  }
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
