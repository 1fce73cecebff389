#include "sandbox/scratch.h"

#include <gmock/gmock.h>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/scratch.h"
#include "engine/mongodb/test_database.h"
#include "sandbox/dial.h"

namespace lifeboat::sandbox {
namespace {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A server that others use too, with a database of theirs.
class ScratchRuns : public ::testing::Test {
 protected:
  void SetUp() override {
    at("others").insert("items", many_documents(200));
    before_ = others();
  }
  // Whatever a test did to what it made, this is as it was.
  void TearDown() override { EXPECT_EQ(others(), before_); }

  Application at(const std::string& database) const { return {server_.uri(), database}; }
  Json others() {
    return engine::contract::facts_of(engine::mongodb::mongodb_engine(), server_.uri("others"),
                                      test_.context)
        .value();
  }
  std::vector<std::string> databases() const {
    const auto server = engine::mongodb::Server::open(*uri_);
    return engine::mongodb::list_databases((*server)->connect()).value();
  }
  ScratchSpec spec() const { return {folder(), "drill shop/d", uri_, {"db", "log"}}; }
  fs::path folder() const { return scratch_.path() / "sandboxes"; }
  std::vector<fs::path> notes() const {
    std::vector<fs::path> all;
    std::error_code error;
    for (const auto& each : fs::directory_iterator(folder(), error)) all.push_back(each.path());
    return all;
  }
  std::vector<std::string> reaped(const Secret* uri) {
    std::vector<std::string> said;
    for (const auto& each : reap_scratch(folder(), uri)) said.push_back(each.code);
    return said;
  }

  // As a run leaves them that is killed.
  std::vector<std::string> leave_behind() {
    auto made = ScratchDatabases::make(spec(), test_.context);
    EXPECT_TRUE(made) << made.error().describe();
    const auto note = notes().at(0);
    const auto text = *read_file(note);
    const auto token = made->token();
    TearDownProof proof;
    made->drop(proof);
    std::vector<std::string> names;
    for (const auto* source : {"db", "log"})
      names.push_back(engine::mongodb::scratch_database(token, names.size() + 1, source));
    const auto server = *engine::mongodb::Server::open(*uri_);
    for (const auto& each : names) {
      EXPECT_TRUE(engine::mongodb::make_scratch(*server, each, token, "drill shop/d"));
      at(each).insert("orders", many_documents(3));
    }
    EXPECT_TRUE(write_file(note, text));
    return names;
  }

  const TestServer server_;
  const std::shared_ptr<const Secret> uri_ =
      std::make_shared<const Secret>(Secret::from_text(server_.uri("admin")));
  const ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
  Json before_;
};

TEST_F(ScratchRuns, MakeADatabaseForEachSourceAndProveThatTheyAreGone) {
  auto made = ScratchDatabases::make(spec(), test_.context);
  ASSERT_TRUE(made) << made.error().describe();
  const auto prefix = "lifeboat_" + made->token();
  EXPECT_THAT(databases(), ElementsAre(prefix + "_1_db", prefix + "_2_log", "others"));
  EXPECT_EQ(notes().size(), 1U);
  EXPECT_THAT(made->place_of("uploads"), IsEmpty());
  EXPECT_FALSE(engine::mongodb::mongodb_engine().look_at(made->place_of("db"))->occupied);
  TearDownProof proof;
  made->drop(proof);
  EXPECT_TRUE(proof.clean());
  ASSERT_EQ(proof.removed.size(), 2U);
  EXPECT_THAT(proof.removed[0], HasSubstr(prefix + "_1_db on "));
  EXPECT_THAT(databases(), ElementsAre("others"));
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(ScratchRuns, LeaveNothingWhenNobodyDropsWhatTheyMade) {
  {
    const auto made = ScratchDatabases::make(spec(), test_.context);
  }
  EXPECT_THAT(databases(), ElementsAre("others"));
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(ScratchRuns, AreRefusedByADatabaseOfThatNameWhichStays) {
  TestContext same;  // makes the same token
  const auto token = same.context.random.hex(engine::mongodb::kScratchToken / 2);
  const auto taken = engine::mongodb::scratch_database(token, 2, "log");
  at(taken).insert("orders", many_documents(3));
  const auto made = ScratchDatabases::make(spec(), test_.context);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::refused);
  EXPECT_THAT(databases(), ElementsAre(taken, "others"));
  EXPECT_THAT(notes(), IsEmpty());
}

TEST_F(ScratchRuns, ThatDiedAreCleanedUpByTheNextOnTheSameServerAlone) {
  const auto left = leave_behind();
  EXPECT_THAT(reaped(nullptr), ElementsAre("scratch-left", "scratch-left"));
  const TestServer another;
  const auto elsewhere = Secret::from_text(another.uri());
  EXPECT_THAT(reaped(&elsewhere), ElementsAre("scratch-left", "scratch-left"));
  EXPECT_THAT(databases(), ElementsAre(left[0], left[1], "others"));
  EXPECT_THAT(reaped(uri_.get()), ElementsAre("scratch-reaped", "scratch-reaped"));
  EXPECT_THAT(databases(), ElementsAre("others"));
  EXPECT_THAT(notes(), IsEmpty());
  EXPECT_THAT(reaped(uri_.get()), IsEmpty());
}

TEST_F(ScratchRuns, ThatLiveAreLeftAlone) {
  const auto made = ScratchDatabases::make(spec(), test_.context);
  ASSERT_TRUE(made);
  EXPECT_THAT(reaped(uri_.get()), IsEmpty());
  EXPECT_EQ(databases().size(), 3U);
}

TEST_F(ScratchRuns, NeverDropWhatIsNotMarkedByTheirTokenThoughANoteNamesIt) {
  const auto left = leave_behind();
  at(left[0]).run(engine::mongodb::DocumentBuilder().int32("dropDatabase", 1).take());
  at(left[0]).insert("orders", many_documents(3));
  EXPECT_THAT(reaped(uri_.get()), ElementsAre("scratch-left", "scratch-reaped"));
  EXPECT_THAT(databases(), ElementsAre(left[0], "others"));
  EXPECT_EQ(notes().size(), 1U);  // until a person has looked
}

TEST_F(ScratchRuns, TakeNoNoteThatNamesAnythingElse) {
  leave_behind();
  const auto note = notes().at(0);
  const auto text = to_text(*read_file(note));
  const auto name = text.find("lifeboat_");
  auto forged = text;
  forged.replace(name, text.find('"', name) - name, "others");
  ASSERT_TRUE(write_file(note, view_of(forged)));
  EXPECT_THAT(reaped(uri_.get()), ElementsAre("scratch-left"));
  EXPECT_EQ(databases().size(), 3U);
  EXPECT_EQ(notes().size(), 1U);
}

TEST_F(ScratchRuns, SayWhatTheyCouldNotDropAndNoteIt) {
  auto made = ScratchDatabases::make(spec(), test_.context);
  ASSERT_TRUE(made);
  const auto name = "lifeboat_" + made->token() + "_1_db";
  at(name).drop(engine::mongodb::token_collection(made->token()));
  at(name).insert("orders", many_documents(3));
  TearDownProof proof;
  made->drop(proof);
  EXPECT_FALSE(proof.clean());
  ASSERT_EQ(proof.remaining.size(), 1U);
  EXPECT_THAT(proof.remaining[0], HasSubstr(name));
  EXPECT_EQ(notes().size(), 1U);
}

TEST(SamePlace, IsTheSocketOrThePortOfOneMachineByWhateverName) {
  EXPECT_TRUE(may_be_same_address("127.0.0.1:27017", "localhost:27017"));
  EXPECT_TRUE(may_be_same_address("[::1]:27017", "127.0.0.1:27017"));
  EXPECT_FALSE(may_be_same_address("127.0.0.1:27017", "localhost:27018"));
  EXPECT_FALSE(may_be_same_address("/tmp/a.sock", "localhost:27018"));
  EXPECT_TRUE(may_be_same_address("/usr/../usr/bin", "/usr/bin"));
  EXPECT_FALSE(may_be_same_address("/usr/lib", "/usr/bin"));
}

}  // namespace
}  // namespace lifeboat::sandbox
