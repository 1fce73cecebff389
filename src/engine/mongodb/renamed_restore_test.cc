#include <gmock/gmock.h>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::Application;
using testing::document;
using ::testing::HasSubstr;
using testing::make_series;
using testing::many_documents;
using testing::measurement;

// A shop with all kinds of things that go by names, restored under others.
class RenamedShop : public testing::StandInShop {
 protected:
  void SetUp() override {
    live().insert("orders", many_documents(200));
    live().make_index("orders", "name", true);
    live().run(bson_of(R"({"create": "people", "validator": {"name": {"$exists": true}}})"));
    live().insert("people", many_documents(20));
    live().run(bson_of(R"({"create": "late", "viewOn": "orders", "pipeline": [
                           {"$lookup": {"from": "people", "as": "who", "pipeline": []}}]})"));
    live().run(make_series("weather", ""));
    live().insert("weather", {measurement("north", 0, 20), measurement("south", 0, 25)});
    renames_ = {{"orders", "orders_old"}, {"people", "persons"}, {"weather", "climate"}};
  }
  // As it must be there, by what the shop is now.
  Json renamed_collections(const Renames& renames) {
    auto collections = facts("shop")["collections"];
    for (const auto& [from, to] : renames) {
      collections[to] = collections[from];
      collections.erase(from);
    }
    return collections;
  }
  void expect_as_promised(const TargetReport& report) {
    const auto there = facts("restored");
    ASSERT_TRUE(report.facts);
    EXPECT_EQ(there["collections"], (*report.facts)["collections"]);
    EXPECT_EQ(there["catalog_fingerprint"], (*report.facts)["catalog_fingerprint"]);
    EXPECT_TRUE(report.findings.empty()) << report.findings[0].message;
  }
};

TEST_F(RenamedShop, HasTheSameInEachCollectionAndIsJudgedUnderTheNewNames) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  expect_as_promised(*report);
  auto there = facts("restored")["collections"];
  auto wanted = renamed_collections(renames_);
  EXPECT_EQ(wanted.size(), 4U);
  EXPECT_NE(there["late"]["options"], wanted["late"]["options"]) << "it reads the new ones";
  there.erase("late");
  wanted.erase("late");
  EXPECT_EQ(there, wanted);
  const auto views =
      to_text(Application(uri(""), "restored")
                  .run(bson_of(R"({"listCollections": 1, "filter": {"type": "view"}})")));
  EXPECT_THAT(views, HasSubstr("orders_old"));
  EXPECT_THAT(views, HasSubstr("persons"));
}

TEST_F(RenamedShop, IsNotAsPromisedWhenADocumentOfARenamedCollectionIsLost) {
  auto captured = capture();
  LIFEBOAT_OK(captured);
  for (auto& each : captured->entries) {
    if (each.info.path != "shop/collections/orders.bson") continue;
    const auto first = view_document(many_documents(1)[0]).bytes().size();
    each.content.erase(each.content.begin(), each.content.begin() + static_cast<long>(first));
  }
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  const auto there = facts("restored");
  EXPECT_NE(there["collections"]["orders_old"], (*report->facts)["collections"]["orders_old"]);
  EXPECT_EQ(there["collections"]["persons"], (*report->facts)["collections"]["persons"]);
}

TEST_F(RenamedShop, IsBroughtOnByItsLogUnderTheNewNames) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("orders", document(7, "changed"));
  live().remove_one("orders", 8);
  live().insert("orders", {document(1000, "late")});
  live().insert("weather", {measurement("east", 1, 3)});
  live().make_index("orders", "late", false);
  live().run(bson_of(R"({"collMod": "people", "validator": {"_id": {"$exists": true}}})"));
  live().run(bson_of(R"({"create": "newest", "viewOn": "orders", "pipeline": []})"));
  Application(uri(""), "admin")
      .run(bson_of(R"({"renameCollection": "shop.people", "to": "shop.former"})"));
  live().insert("people", {document(1, "a new one")});
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto report = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(report);
  const auto there = facts("restored")["collections"];
  const auto wanted = renamed_collections(renames_);
  for (const auto* name : {"orders_old", "persons", "former", "climate"})
    EXPECT_EQ(there[name], wanted[name]) << name;
  EXPECT_EQ(there.size(), wanted.size());
  EXPECT_EQ(there["orders_old"], (*report->facts)["collections"]["orders_old"]);
  EXPECT_EQ(there["persons"]["documents"], 1);
}

TEST_F(RenamedShop, IsRefusedWhereItsLogHasAnotherCollectionOfANewName) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("orders_old", {document(1)});
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto refused = rebuild(*captured, *pieces, last_of(pieces->back()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("the log changes a collection orders_old"));
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_F(RenamedShop, MayChangeTheNamesOfTwoCollections) {
  renames_ = {{"orders", "people"}, {"people", "orders"}};
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("orders", document(7, "changed"));
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto report = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(report);
  expect_as_promised(*report);
  EXPECT_EQ(facts("restored")["collections"]["people"], facts("shop")["collections"]["orders"]);
}

// One collection alone, beside what is there.
class RenamedPart : public RenamedShop {
 protected:
  void SetUp() override {
    RenamedShop::SetUp();
    renames_ = {{"orders", "orders_old"}};
    Application(uri(""), "restored").insert("orders", {document(1, "of today")});
    options_.overwrite = true;
    options_.renames = renames_;
  }
  Result<TargetReport> restore(const contract::Capture& captured,
                               const std::vector<LogPiece>& pieces = {}) {
    options_.until = pieces.empty() ? 0 : last_of(pieces.back());
    const auto target = TRY(mongodb_engine().open_target(options_));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : captured.entries)
      if (mongodb_engine().holds(info, "orders") || mongodb_engine().is_for_all(info))
        TRY(contract::fill(*TRY(target->create(info)), content, true));
    for (const auto& each : pieces) TRY(target->replay(each.content, test_.context));
    return target->finish(test_.context);
  }

  TargetOptions options_ = testing::target_at(uri("restored"));
};

TEST_F(RenamedPart, ComesBesideTheOneThatIsThereAndReplacesNoOther) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto before = facts("shop")["collections"]["orders"];
  LIFEBOAT_OK(restore(*captured));
  const auto there = facts("restored")["collections"];
  EXPECT_EQ(there.size(), 2U);
  EXPECT_EQ(there["orders"]["documents"], 1);
  EXPECT_EQ(there["orders_old"], before);
  const auto again = restore(*captured);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::refused);
  EXPECT_THAT(again.error().message(), HasSubstr("there is a collection orders_old already"));
  EXPECT_EQ(facts("restored")["collections"], there);
}

TEST_F(RenamedPart, IsBroughtOnByWhatTheLogHasOfItAndNotOfOneOfItsNewName) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("orders", document(7, "changed"));
  live().insert("orders_old", {document(7), document(5000)});
  live().remove_one("orders", 9);
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  LIFEBOAT_OK(restore(*captured, *pieces));
  EXPECT_EQ(facts("restored")["collections"]["orders_old"], facts("shop")["collections"]["orders"]);
  EXPECT_EQ(facts("restored")["collections"]["orders"]["documents"], 1);
}

// On the real server that is at hand, whose every copy has a log to replay.
class RenamedFerretShop : public testing::LoggedShop {};

TEST_F(RenamedFerretShop, IsRestoredAsItWasAfterTheCopyUnderTheNewName) {
  for (const auto* name : {"first", "second"}) live().insert(name, many_documents(50));
  live().make_index("first", "name", true);
  const auto captured = capture([this](std::size_t entries) {
    if (entries != 2) return;
    put("first", document(7, "changed"));
    live().remove_one("second", 8);
  });
  LIFEBOAT_OK(captured);
  renames_ = {{"first", "the first"}};
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  const auto there = facts("restored");
  EXPECT_EQ(there["collections"]["the first"], facts("shop")["collections"]["first"]);
  EXPECT_EQ(there["collections"]["second"], facts("shop")["collections"]["second"]);
  EXPECT_EQ(pretty_json(there), pretty_json(*report->facts));
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
