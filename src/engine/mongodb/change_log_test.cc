#include "engine/mongodb/change_log.h"

#include <random>

#include "engine/mongodb/oplog.h"
#include "engine/mongodb/test_logged_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::Application;
using testing::document;
using testing::many_documents;
using ChangeLogs = testing::LoggedShop;

// By collection and _id: what a restore to a moment must show.
using Model = std::map<std::string, std::map<std::int32_t, Bytes>>;

Json sums_of(const std::map<std::int32_t, Bytes>& documents) {
  DocumentDigest digest;
  for (const auto& [id, each] : documents) digest.add(each);
  return {{"documents", digest.sum().count}, {"digest", digest.sum().digest.hex()}};
}

Json sums_of(const Json& facts) {
  Json sums = Json::object();
  for (const auto& [name, one] : facts["collections"].items())
    sums[name] = {{"documents", one["documents"]}, {"digest", one["digest"]}};
  return sums;
}

Json sums_of(const Model& model) {
  Json sums = Json::object();
  for (const auto& [name, documents] : model) sums[name] = sums_of(documents);
  return sums;
}

class RandomWriter : public testing::LoggedShop {
 protected:
  void SetUp() override {
    LoggedShop::SetUp();
    for (const auto* name : {"a", "b", "c"}) write(name, 0);
  }
  // Inserts, changes with fewer fields, and deletes; keeps the model of each moment.
  void write_one() {
    static constexpr std::array kNames{"a", "b", "c"};
    const std::string name = kNames.at(random_() % kNames.size());
    const auto id = static_cast<std::int32_t>(random_() % 40);
    if (random_() % 4 != 0 || id == 0) return write(name, id);
    live().remove_one(name, id);
    model_[name].erase(id);
  }
  void write(const std::string& name, std::int32_t id) {
    DocumentBuilder builder;
    builder.int32("_id", id);
    for (int field = 0; field < 5; ++field)
      if (random_() % 2 == 0)
        builder.text("f" + std::to_string(field), std::string(random_() % 50, 'x'));
    const auto whole = builder.take();
    put(name, whole);
    model_[name][id] = whole;
  }
  // Where the log is now.
  std::uint64_t position() {
    const auto connection = looking_->connect();
    const auto ends = ask_log(connection, *ask_server(connection));
    return position_of((*ends)->newest.at.ts);
  }

  std::unique_ptr<Server> looking_ = Server::open(Secret::from_text(server_.uri())).value();
  std::mt19937 random_{20261122};
  Model model_;
};

TEST_F(RandomWriter, IsRestoredToEveryMomentAsAModelHasIt) {
  constexpr int kBefore = 60;
  constexpr int kAfter = 60;
  for (int i = 0; i < kBefore; ++i) write_one();
  constexpr std::size_t kWithTheLog = 5;
  const auto captured = capture([this](std::size_t entries) {
    for (int i = 0; i < 5 && entries < kWithTheLog; ++i) write_one();
  });
  LIFEBOAT_OK(captured);
  std::map<std::uint64_t, Model> moments{{*captured->outcome.log_position, model_}};
  std::vector<LogPiece> pieces;
  Json about = captured->outcome.position["log"];
  for (int i = 1; i <= kAfter; ++i) {
    write_one();
    moments[position()] = model_;
    if (i % 20 != 0) continue;
    const auto more = follow(about, 2000);
    LIFEBOAT_OK(more);
    pieces.insert(pieces.end(), more->begin(), more->end());
    about = pieces.back().about;
  }
  EXPECT_GT(pieces.size(), 5U);
  for (const auto& each : pieces) EXPECT_EQ(each.broken, "");
  EXPECT_GT(moments.size(), 40U) << "what changes nothing is no entry";
  for (const auto& [moment, model] : moments) {
    const auto report = rebuild(*captured, pieces, moment);
    LIFEBOAT_OK(report);
    const auto found = facts("restored");
    EXPECT_EQ(sums_of(found), sums_of(model)) << moment_text(timestamp_of(moment));
    EXPECT_EQ(pretty_json(found), pretty_json(*report->facts));
  }
}

TEST_F(ChangeLogs, PiecesFollowEachOtherByOneEntryAndSayUntilWhenTheyKnow) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", document(3, "changed"));
  const auto first = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(first);
  ASSERT_EQ(first->size(), 1U);
  put("items", document(4, "changed"));
  const auto second = follow(first->back().about);
  LIFEBOAT_OK(second);
  const auto one = decode_slice(first->back().about).value();
  const auto two = decode_slice(second->back().about).value();
  EXPECT_EQ(fit_of(one, two), Fit::follows);
  EXPECT_EQ(two.entries, 2U);
  EXPECT_EQ(two.previous, one.content);
  EXPECT_EQ(first->back().from, *captured->outcome.log_position);
  EXPECT_GE(second->back().to, last_of(second->back()));
}

TEST_F(ChangeLogs, APieceIsQuietWhenNothingOfTheDatabaseMayHaveChangedAndLittleWasRead) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto& base = captured->outcome.position["log"];
  const Application other(server_.uri(), "foreign");
  other.insert("noise", {document(1), document(2)});
  EXPECT_EQ(follow(base)->back().about["quiet"], true);
  other.insert("noise", {document(3, std::string(2U << 20U, 'x'))});
  EXPECT_EQ(follow(base)->back().about["quiet"], false) << "it would be read at each round";
  put("items", document(3, "changed"));
  EXPECT_EQ(follow(base)->back().about["quiet"], false);
}

TEST_F(ChangeLogs, AMomentWhenNothingWasWrittenIsReachedByWhatIsKnown) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  auto slice = decode_slice(pieces->back().about).value();
  slice.known_until = {slice.last.at.ts.seconds + 60, 0};
  pieces->back().about = encode_slice(slice);
  const auto quiet = position_of({slice.last.at.ts.seconds + 50, ~0U});
  const auto report = rebuild(*captured, *pieces, quiet);
  LIFEBOAT_OK(report);
  EXPECT_EQ(facts("restored"), facts("shop"));
  const auto beyond = rebuild(*captured, *pieces, position_of({slice.last.at.ts.seconds + 70, 0}));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code(), Code::not_restorable);
  EXPECT_NE(failure_of(beyond).find("the log ends at"), std::string::npos) << failure_of(beyond);
}

TEST_F(ChangeLogs, AMomentBeforeTheSnapshotIsRefused) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto early = rebuild(*captured, {}, *captured->outcome.log_position - (10ULL << 32U));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code(), Code::not_restorable);
  LIFEBOAT_OK(rebuild(*captured, {}, *captured->outcome.log_position));
}

TEST_F(ChangeLogs, APieceOfAnotherServersLogIsNotReplayed) {
  live().insert("items", many_documents(20));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  put("items", document(3, "changed"));
  auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  LIFEBOAT_OK(rebuild(*captured, *pieces, last_of(pieces->back())));
  // The entry at the end of the snapshot is another one there.
  pieces->back().content[pieces->back().content.size() / 3] ^= 1U;
  EXPECT_FALSE(rebuild(*captured, *pieces, last_of(pieces->back())));
}

TEST_F(ChangeLogs, AServerWithoutALogHasNone) {
  const testing::TestServer plain;
  const auto log = make_change_log(testing::source_at(plain.uri(), "shop"));
  LIFEBOAT_OK(log);
  live().insert("items", many_documents(1));
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  const auto read = (*log)->read(captured->outcome.position["log"], test_.context);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::not_restorable);
  EXPECT_NE(failure_of(read).find("keeps no log"), std::string::npos);
}

TEST(LogMoments, IncludeAllOfTheirSecond) {
  const auto moment = parse_rfc3339("2026-11-20T14:32:07Z").value();
  const auto position = log_position_at(moment);
  EXPECT_EQ(timestamp_of(position).increment, ~0U);
  EXPECT_EQ(moment_text(timestamp_of(position)), "2026-11-20T14:32:07Z");
  EXPECT_EQ(log_position_at(moment + std::chrono::milliseconds(900)), position);
}

TEST(LogMoments, APositionIsWrittenAsSecondsAndACounter) {
  EXPECT_EQ(*parse_log_position("1763718300.7"), position_of({1763718300, 7}));
  for (const auto* text : {"", "1", ".", "1.", ".1", "1.x", "-1.1", "1.1.1", "99999999999.1"})
    EXPECT_EQ(parse_log_position(text).error().code(), Code::usage) << text;
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
