#include "engine/mongodb/target.h"

#include <gmock/gmock.h>

#include "base/json_value.h"
#include "engine/mongodb/metadata.h"
#include "engine/mongodb/test_catalog.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_stand_in.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {
namespace {

using contract::failure_of;
using testing::document;
using ::testing::HasSubstr;
using testing::many_documents;
using MongoTarget = testing::ShopTest;

TEST_F(MongoTarget, RestoresOptionsOrderAndIndexes) {
  fill();
  live().create_capped("log");
  live().insert("log", {document(3), document(1), document(2)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(pretty_json(*restored_facts()), pretty_json(captured->outcome.facts));
}

TEST_F(MongoTarget, RestoresACollectionWithoutDocuments) {
  live().create_capped("log");
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(*restored_facts(), captured->outcome.facts);
}

TEST_F(MongoTarget, RestoresCollectionsWithOddNames) {
  const std::vector<std::string> names{"with space", "a..b",  "a/b", "Twin",
                                       "twin",       "naïve", "100%"};
  for (const auto& name : names) live().insert(name, {document(1, name)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->entries.size(), names.size() + 1);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(*restored_facts(), captured->outcome.facts);
}

TEST_F(MongoTarget, FailsWhenTheServerDoesNotTakeADocument) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  auto& items = captured->entries[1].content;
  append(items, DocumentBuilder().int32("_id", -1).int32("$no", 1).take());
  const auto rebuilt = rebuild(*captured);
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().code(), Code::io_error) << failure_of(rebuilt);
}

TEST_F(MongoTarget, FailsWhenAUniqueIndexDoesNotFitTheDocuments) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  append(captured->entries[1].content, document(-1, "name 5"));
  EXPECT_FALSE(rebuild(*captured));
}

TEST_F(MongoTarget, RefusesContentThatIsNotBsonOrEndsInsideADocument) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  auto cut = *captured;
  cut.entries[1].content.pop_back();
  EXPECT_EQ(rebuild(cut).error().code(), Code::corrupt);
  auto flipped = *captured;
  flipped.entries[1].content[4] = 0x77;
  target_.overwrite = true;
  EXPECT_EQ(rebuild(flipped).error().code(), Code::corrupt);
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_F(MongoTarget, LeavesWhatIsNotInTheSnapshotUnlessToldToRemoveIt) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  restored().insert("foreign", {document(1)});
  EXPECT_EQ(rebuild(*captured).error().code(), Code::refused);
  target_.overwrite = true;
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_TRUE((*restored_facts())["collections"].contains("foreign"));
  target_.delete_strangers = true;
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(*restored_facts(), captured->outcome.facts);
}

TEST_F(MongoTarget, TellsWhatTheServerDidNotKeepOfTheCatalog) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  auto metadata = decode_metadata(captured->entries[1].info.metadata).value();
  for (auto& index : metadata.collection.indexes) {
    DocumentBuilder sparse;
    for (const auto& each : view_document(index)) sparse.element(each);
    index = sparse.boolean("sparse", true).take();
  }
  captured->entries[1].info.metadata = encode_metadata(metadata);
  const auto target = mongodb_engine().open_target(target_).value();
  LIFEBOAT_OK(target->prepare(test_.context));
  for (const auto& [info, content] : captured->entries) {
    const auto sink = target->create(info).value();
    LIFEBOAT_OK(contract::fill(*sink, content, true));
  }
  const auto report = target->finish(test_.context);
  LIFEBOAT_OK(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].code, "catalog-not-restored");
  EXPECT_EQ(report->findings[0].subject, "items");
}

// As a server would tell of it that has validators, which FerretDB has not.
void make_strict(contract::Carried& entry,
                 const std::string& options = R"({"validator": {"name": {"$exists": true}}})") {
  auto metadata = decode_metadata(entry.info.metadata).value();
  metadata.collection = with_options("items", options, {kIdIndex});
  entry.info.metadata = encode_metadata(metadata);
}

TEST_F(MongoTarget, LeavesOutWhatTheServerCannotDoOnlyWhenToldTo) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  make_strict(captured->entries[1]);
  EXPECT_THAT(failure_of(rebuild(*captured)), HasSubstr("without a journal"));
  target_.accept_losses = true;
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_F(MongoTarget, TakesAnEmptiedValidatorForNone) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  make_strict(captured->entries[1],
              R"({"validator": {}, "validationLevel": "strict", "validationAction": "error"})");
  LIFEBOAT_OK(rebuild(*captured));
}

TEST_F(MongoTarget, KeepsAValidatorInItsJournalWhenTheServerDoesNotTakeItBack) {
  fill();
  auto captured = capture();
  LIFEBOAT_OK(captured);
  make_strict(captured->entries[1]);
  const auto scratch = ScratchDirectory::make().value();
  target_.state = scratch.path().string();
  EXPECT_THAT(failure_of(rebuild(*captured)), HasSubstr("could not be put back"));
  EXPECT_EQ(validators_left(scratch.path()).value().size(), 1U);
  // The next restore begins with them, and this server never takes them.
  target_.overwrite = true;
  EXPECT_THAT(failure_of(rebuild(*captured)), HasSubstr("could not be put back"));
  EXPECT_EQ(mongodb_engine().recover(target_).error().code(), Code::io_error);
}

TEST_F(MongoTarget, TellsWhatTheServerAtAPlaceWouldLose) {
  const Catalog catalog{"shop",
                        {with_options("items", R"({"validator": {"a": 1}})", {kIdIndex}),
                         with_options("plain", "{}", {kIdIndex}), view_of_name("seen", "plain")}};
  const auto bytes = encode_catalog(catalog);
  const auto losses = mongodb_engine().losses_at(target_.place, {bytes, {}, Json(), {}});
  LIFEBOAT_OK(losses);
  ASSERT_EQ(losses->size(), 2U);
  EXPECT_EQ((*losses)[0].code, "feature-lost");
  EXPECT_EQ((*losses)[0].subject, "shop.items");
  EXPECT_THAT((*losses)[0].message, HasSubstr("FerretDB v1.24.0: the server has no validator"));
  EXPECT_EQ(mongodb_engine().losses_at(target_.place, {bytes, {"items"}, Json(), {}})->size(), 1U);
  EXPECT_TRUE(mongodb_engine().losses_at(target_.place, {bytes, {"plain"}, Json(), {}})->empty());
}

std::vector<std::string> codes_at(const std::string& version, const std::string& recorded) {
  const testing::StandInServer there({.version = version});
  const auto catalog = encode_catalog({"shop", {with_options("plain", "{}", {kIdIndex})}});
  const Json facts{{"about", {{"server", recorded}}}};
  const auto losses =
      mongodb_engine().losses_at(there.uri("shop"), {catalog, {}, facts, {}}).value();
  std::vector<std::string> codes;
  for (const auto& each : losses) codes.push_back(each.code);
  return codes;
}

TEST_F(MongoTarget, TellsThatTheServerAtAPlaceIsOlderThanTheOneThatWasBackedUp) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(codes_at("4.4.29", "MongoDB 8.0.4"), ElementsAre("older-server"));
  EXPECT_THAT(codes_at("7.0.14", "MongoDB 8.0.4"), ElementsAre("older-server"));
  EXPECT_THAT(codes_at("8.0.4", "MongoDB 8.2.0"), ElementsAre("older-server"));
  EXPECT_THAT(codes_at("8.0.1", "MongoDB 8.0.4"), IsEmpty());
  EXPECT_THAT(codes_at("8.0.4", "MongoDB 4.4.29"), IsEmpty());
  EXPECT_THAT(codes_at("7.0.14", "FerretDB v1.24.0"), IsEmpty());
  EXPECT_THAT(codes_at("7.0.14", ""), IsEmpty());
}

TEST_F(MongoTarget, TakesNoPlaceWithAPasswordAndOneFromAVariable) {
  fill();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  target_.place = "mongodb://anna:tiger@%2Fnowhere%2Fs.sock/shop";
  const auto rebuilt = rebuild(*captured);
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().code(), Code::refused);
  EXPECT_EQ(failure_of(rebuilt).find("tiger"), std::string::npos);
  ASSERT_EQ(::setenv("LIFEBOAT_TEST_PLACE", server_.uri("restored").c_str(), 1), 0);
  target_.place = "env:LIFEBOAT_TEST_PLACE";
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(*restored_facts(), captured->outcome.facts);
}

TEST_F(MongoTarget, IsKnownToBeTheSourceUnderAnotherAddress) {
  fill();
  const auto link = server_.socket() + "-link.sock";
  fs::create_symlink(server_.socket(), link);
  const auto live = mongodb_engine().identify(options_);
  LIFEBOAT_OK(live);
  auto place = server_.uri("shop");
  place.replace(place.find("db.sock"), 7, "db.sock-link.sock");
  const auto state = mongodb_engine().look_at(place);
  LIFEBOAT_OK(state);
  EXPECT_TRUE(state->occupied);
  const auto shared = std::ranges::find_first_of(live->names, state->identity.names);
  EXPECT_NE(shared, live->names.end());
  const auto beside = mongodb_engine().look_at(target_.place);
  LIFEBOAT_OK(beside);
  EXPECT_FALSE(beside->occupied);
  EXPECT_EQ(std::ranges::find_first_of(live->names, beside->identity.names), live->names.end());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
