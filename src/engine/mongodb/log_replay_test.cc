#include "engine/mongodb/log_replay.h"

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/test_log.h"
#include "engine/mongodb/test_logged_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::Application;
using testing::document;
using testing::many_documents;
using LogWindow = testing::LoggedShop;

// The first two collections are copied, the third is not.
class BusyShop : public testing::LoggedShop {
 protected:
  void SetUp() override {
    LoggedShop::SetUp();
    for (const auto* name : {"first", "second", "third"}) live().insert(name, many_documents(50));
    live().make_index("second", "name", true);
  }
  void write_meanwhile(std::size_t entries) const {
    if (entries != 3) return;
    for (const auto* name : {"first", "second", "third"}) {
      put(name, document(7, "changed"));
      live().remove_one(name, 8);
      put(name, document(1000, "late"));
    }
  }
  Result<contract::Capture> capture_busy() {
    return capture([this](std::size_t entries) { write_meanwhile(entries); });
  }
};

TEST_F(BusyShop, IsRestoredAsItWasAfterTheCopyWhateverWasWrittenMeanwhile) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "log-window");
  EXPECT_TRUE(captured->outcome.findings.empty());
  EXPECT_EQ(captured->entries.back().info.path, "shop/log.bson");
  EXPECT_EQ(captured->outcome.position["log"]["entries"], 10);
  EXPECT_TRUE(captured->outcome.log_position);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(pretty_json(facts("restored")), pretty_json(facts("shop")));
  ASSERT_TRUE(report->facts);
  EXPECT_EQ(pretty_json(facts("restored")), pretty_json(*report->facts));
  EXPECT_EQ(report->applied, 9U) << "the first was there before the copy";
  EXPECT_FALSE(report->last_applied.empty());
}

// The twin of the test before: without the log the copy is of no moment that ever was.
TEST_F(BusyShop, WithoutItsLogItIsNoneThatEverWas) {
  auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  captured->entries.pop_back();
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_FALSE(report->facts);
  EXPECT_NE(facts("restored")["collections"], facts("shop")["collections"]);
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

// A document that is lost or changed in the copy is lost in what is expected, too, unless the
// difference to what was recorded shows.
TEST_F(BusyShop, ADocumentThatIsMissingFromTheCopyIsMissedAfterTheReplay) {
  for (const std::int32_t lost : {20, 7}) {
    auto captured = capture_busy();
    LIFEBOAT_OK(captured);
    auto& first = captured->entries[1].content;
    Bytes kept;
    BsonReader reader;
    LIFEBOAT_OK(reader.feed(first, [&](DocumentView each) -> Result<void> {
      if (each.find("_id")->integer() != lost) append(kept, each.bytes());
      return {};
    }));
    first = kept;
    const auto report = rebuild(*captured);
    LIFEBOAT_OK(report);
    EXPECT_NE(facts("restored"), *report->facts) << lost;
    EXPECT_EQ(facts("restored")["collections"]["second"],
              (*report->facts)["collections"]["second"]);
  }
}

TEST_F(BusyShop, AWindowThatIsCutOrHasNoEndIsNotReplayed) {
  const auto captured = capture_busy();
  LIFEBOAT_OK(captured);
  auto cut = *captured;
  cut.entries.back().content.pop_back();
  EXPECT_EQ(rebuild(cut).error().code(), Code::corrupt);
  auto endless = *captured;
  auto& content = endless.entries.back().content;
  content.resize(content.size() -
                 encode_window_end({"shop", Dialect::ferretdb, true, {}, {}}).size());
  EXPECT_EQ(rebuild(endless).error().code(), Code::corrupt);
}

TEST_F(LogWindow, OfACollectionOfDocumentsWithoutWritesChangesNothing) {
  live().insert("items", many_documents(10));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["log"]["entries"], 1);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(*report->facts, captured->outcome.facts);
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

TEST_F(LogWindow, HoldsNoDocumentOfAnotherDatabaseButAtItsEnds) {
  live().insert("items", many_documents(10));
  const Application other(server_.uri(), "foreign");
  const auto captured = capture([&](std::size_t entries) {
    if (entries != 1) return;
    other.insert("secrets", {document(1, "the one that is left out")});
    live().insert("items", {document(100)});
  });
  LIFEBOAT_OK(captured);
  const auto text = to_text(captured->entries.back().content);
  EXPECT_EQ(text.find("the one that is left out"), std::string::npos);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), facts("shop"));
}

// The order of a capped collection, and what it lets go by itself, are in no log.
TEST_F(LogWindow, OfACappedCollectionNobodyKnowsWhatItLeaves) {
  live().create_capped("events");
  live().insert("events", {document(1), document(2)});
  const auto captured = capture([&](std::size_t entries) {
    if (entries == 1) live().insert("events", {document(9), document(3), document(5)});
  });
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_TRUE((*report->facts)["collections"]["events"]["natural_digest"].is_null());
  EXPECT_TRUE((*report->facts)["collections"]["events"]["documents"].is_null());
  EXPECT_EQ(facts("restored"), facts("shop")) << "in the order of the log";
}

TEST_F(LogWindow, WhatWasWrittenBeforeTheCopyLeavesACappedCollectionKnown) {
  live().create_capped("events");
  live().insert("events", {document(1), document(2)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_EQ(report->applied, 0U);
  EXPECT_EQ(*report->facts, captured->outcome.facts);
  EXPECT_FALSE((*report->facts)["collections"]["events"]["natural_digest"].is_null());
}

TEST_F(LogWindow, ACollectionThatIsMadeAndEmptiedMeanwhileIsThere) {
  live().insert("items", many_documents(10));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("late", {document(1)});
  live().remove_one("late", 1);
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  const auto report = rebuild(*captured, *pieces, last_of(pieces->back()));
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored"), facts("shop"));
}

// Pieces and windows out of which entries were taken.
class LogWithHoles : public testing::LoggedShop {
 protected:
  void SetUp() override {
    LoggedShop::SetUp();
    live().insert("items", many_documents(10));
  }
  static Bytes entry(const std::string& fields) { return entry_at(2'000'000'000, fields); }
  static Bytes change_of(const std::string& id) {
    return entry(
        R"("op":"u","ns":"shop.items","o":{"$v":2,"diff":{"u":{"name":"b"}}},"o2":{"_id":)" + id +
        "}");
  }
  static Bytes end_of(const std::string& id) {
    return entry(R"("op":"d","ns":"shop.items","o":{"_id":)" + id + "}");
  }
  // The entry that inserts this document is not in what comes of it.
  static Bytes without_insert(ByteView content, std::int32_t id) {
    Bytes kept;
    BsonReader reader;
    EXPECT_TRUE(reader.feed(content, [&](DocumentView each) -> Result<void> {
      const auto in = each.document_at("o")->find("_id");
      if (each.text_at("op") != "i" || !in || in->integer() != id) append(kept, each.bytes());
      return {};
    }));
    return kept;
  }
  // What a restore says that has this window.
  std::string with_window(Dialect dialect, const std::vector<Bytes>& entries) {
    auto captured = capture();
    if (!captured) return failure_of(captured);
    auto& content = captured->entries.back().content;
    content.clear();
    for (const auto& each : entries) append(content, each);
    append(content, encode_window_end({"shop", dialect, true, {}, {2'000'000'000, 1}}));
    const auto report = rebuild(*captured);
    return report ? "" : failure_of(report);
  }
  static constexpr auto* kMissing = "entries of the log are missing";
};

TEST_F(LogWithHoles, AreFoundByTheDocumentThatIsChangedAndWasNeverMade) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", document(500));
  put("items", document(500, "changed"));
  put("items", document(501, "last"));
  auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  ASSERT_EQ(pieces->size(), 1U);
  const auto until = last_of(pieces->back());
  LIFEBOAT_OK(rebuild(*captured, *pieces, until));
  auto& content = pieces->back().content;
  content = without_insert(content, 500);
  const auto holed = rebuild(*captured, *pieces, until);
  ASSERT_FALSE(holed);
  EXPECT_EQ(holed.error().code(), Code::not_restorable);
  EXPECT_NE(failure_of(holed).find(kMissing), std::string::npos) << failure_of(holed);
}

TEST_F(LogWithHoles, AreNoneWhereTheDocumentOrItsCollectionIsGoneLater) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", document(500));
  put("items", document(500, "changed"));
  live().remove_one("items", 500);
  put("items", document(501));
  put("items", document(501, "changed"));
  auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  auto& content = pieces->back().content;
  content = without_insert(content, 500);
  LIFEBOAT_OK(rebuild(*captured, *pieces, last_of(pieces->back())));
  content = without_insert(content, 501);
  EXPECT_FALSE(rebuild(*captured, *pieces, last_of(pieces->back())));
}

TEST_F(LogWithHoles, AreFoundInTheWindowOfACopyWhereTheServerLogsEnds) {
  const auto drop = entry(R"("op":"c","ns":"shop.$cmd","o":{"drop":"items"})");
  const auto drop_of_another = entry(R"("op":"c","ns":"shop.$cmd","o":{"drop":"others"})");
  const auto rename =
      entry(R"("op":"c","ns":"shop.$cmd","o":{"renameCollection":"shop.items","to":"shop.kept"})");
  const auto in_kept = entry(R"("op":"d","ns":"shop.kept","o":{"_id":500})");
  using enum Dialect;
  EXPECT_NE(with_window(mongodb, {change_of("500")}).find(kMissing), std::string::npos);
  for (const auto& other : {end_of("501"), drop_of_another, rename})
    EXPECT_NE(with_window(mongodb, {change_of("500"), other}).find(kMissing), std::string::npos);
  for (const auto& reason : {end_of("500"), drop})
    EXPECT_EQ(with_window(mongodb, {change_of("500"), reason}), "");
  EXPECT_EQ(with_window(mongodb, {change_of("500"), rename, in_kept}), "");
  EXPECT_EQ(with_window(mongodb, {change_of("3")}), "") << "it is there";
  EXPECT_EQ(with_window(ferretdb, {change_of("500")}), "") << "it may have dropped it unsaid";
}

// What a capped collection lets go by itself is not always in the log.
TEST_F(LogWithHoles, AreNotLookedForInCappedCollections) {
  live().create_capped("events");
  const auto change =
      entry(R"("op":"u","ns":"shop.events","o":{"$v":2,"diff":{"u":{"a":1}}},"o2":{"_id":1})");
  EXPECT_EQ(with_window(Dialect::mongodb, {change}), "");
}

class SmallLog : public testing::LoggedShop {
 protected:
  SmallLog()
      : LoggedShop({.replica_set = "rs0",
                    .arguments = {"--test-capped-cleanup-interval=100ms",
                                  "--test-capped-cleanup-percentage=90"}}) {}
  void SetUp() override { make_log(64 << 10); }
  // Writes until the server has let the beginning of its log go.
  void let_the_log_roll_over() const {
    const auto oldest = [&] {
      const auto reply =
          Application(server_.uri(), "local")
              .run(DocumentBuilder().text("find", "oplog.rs").int32("limit", 1).take());
      return *view_document(reply)
                  .document_at("cursor")
                  ->document_at("firstBatch")
                  ->begin()
                  ->inside()
                  .find("ts")
                  ->timestamp();
    };
    const auto before = oldest();
    for (std::int32_t i = 0; oldest() == before && i < 3000; ++i)
      put("noise", document(1, std::string(2000, static_cast<char>('a' + i % 26))));
    EXPECT_NE(oldest(), before);
  }
};

TEST_F(SmallLog, ThatIsRolledOverDuringTheCopyLeavesASnapshotOfNoOneMoment) {
  live().insert("items", many_documents(20));
  live().insert("noise", {document(1)});
  const auto captured = capture([&](std::size_t entries) {
    if (entries == 2) let_the_log_roll_over();
  });
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.position["consistency"], "per-collection");
  EXPECT_FALSE(captured->outcome.log_position);
  ASSERT_EQ(captured->outcome.findings.size(), 1U);
  EXPECT_NE(captured->outcome.findings[0].message.find("it holds too little"), std::string::npos)
      << captured->outcome.findings[0].message;
  const auto report = rebuild(*captured);
  LIFEBOAT_OK(report);
  EXPECT_FALSE(report->facts);
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

TEST_F(SmallLog, ThatIsRolledOverBetweenTwoPiecesIsAGap) {
  live().insert("items", many_documents(20));
  live().insert("noise", {document(1)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& base = captured->outcome.position["log"];
  const auto first = follow(base);
  LIFEBOAT_OK(first);
  EXPECT_EQ(first->back().broken, "");
  let_the_log_roll_over();
  const auto second = follow(first->back().about);
  LIFEBOAT_OK(second);
  EXPECT_NE(second->front().broken.find("entries are missing"), std::string::npos)
      << second->front().broken;
  put("items", document(500));
  const auto third = follow(second->back().about);
  LIFEBOAT_OK(third);
  EXPECT_EQ(third->front().broken, "");
  const auto unreachable =
      rebuild(*captured, {first->back(), second->back(), third->back()}, last_of(third->back()));
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().code(), Code::not_restorable) << failure_of(unreachable);
  EXPECT_NE(failure_of(unreachable).find("resumes at"), std::string::npos)
      << failure_of(unreachable);
}

TEST_F(LogWindow, AHistoryThatWasChangedIsSeen) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", document(7, "then"));
  auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  auto altered = pieces->back().about;
  altered["last"]["hash"] = std::string(64, 'a');
  const auto next = follow(altered);
  LIFEBOAT_OK(next);
  EXPECT_NE(next->front().broken.find("history of the server was changed"), std::string::npos)
      << next->front().broken;
  EXPECT_EQ(follow(pieces->back().about)->front().broken, "");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
