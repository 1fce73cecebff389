#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::document;
using LargeMongoDocuments = testing::ShopTest;

TEST_F(LargeMongoDocuments, OneOfSixteenMebibytesIsCarriedAndOneDeeplyNested) {
  constexpr int kLevels = 90;
  auto deep = DocumentBuilder().int32("end", 1).take();
  for (int i = 0; i < kLevels; ++i) deep = DocumentBuilder().document("d", deep).take();
  const auto large = document(1, std::string((16U << 20U) - 100, 'x'));
  live().insert("large", {large, document(2, "small")});
  live().insert("deep", {DocumentBuilder().int32("_id", 1).document("d", deep).take()});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  auto both = large;
  append(both, document(2, "small"));
  EXPECT_TRUE(captured->entries[2].content == both);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(*restored_facts(), captured->outcome.facts);
}

// FerretDB bounds no batch by its bytes, and a message of more than 48 MB never comes.
TEST_F(LargeMongoDocuments, ACollectionIsCarriedThatBeginsWithMoreThanOneMessageHolds) {
  std::vector<Bytes> large;
  Bytes all;
  for (std::int32_t i = 0; i < 4; ++i) {
    large.push_back(document(i, std::string(15U << 20U, 'x')));
    append(all, large.back());
  }
  live().insert("large", large);
  const auto server = Server::open(Secret::from_text(server_.uri())).value();
  const auto too_many = DocumentBuilder().text("find", "large").int32("batchSize", 16).take();
  EXPECT_FALSE(server->connect().open_cursor("shop", too_many, 16)) << "it bounds them by now";
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  ASSERT_EQ(captured->entries.size(), 2U);
  EXPECT_TRUE(captured->entries[1].content == all);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
