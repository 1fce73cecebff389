// Documents, names and numbers of collections that few applications have: carried all the same.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>

#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_odd_documents.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using OddShop = testing::StandInShop;

TEST_F(OddShop, IsCarriedWithEveryDocumentAsItIs) {
  const auto odd = testing::odd_documents();
  live().insert("odd", odd);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  Bytes all;
  for (const auto& each : odd) append(all, each);
  const auto& entry = captured->entries[1];
  EXPECT_EQ(entry.info.path, "shop/collections/odd.bson");
  EXPECT_TRUE(entry.content == all) << "in the order of _id, byte for byte";
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  // The twin: one byte of one of them.
  auto changed = *captured;
  const auto text = to_text(changed.entries[1].content).find("odd text");
  ASSERT_NE(text, std::string::npos);
  changed.entries[1].content[text] ^= 1U;
  LIFEBOAT_OK(rebuild(changed));
  EXPECT_NE(facts("restored")["collections"], captured->outcome.facts["collections"]);
}

TEST_F(OddShop, IsBroughtOnByALogOfOddDocumentsToo) {
  live().insert("odd", {testing::document(0)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("odd", testing::odd_documents());
  const auto pieces = follow(captured->outcome.position["log"]);
  LIFEBOAT_OK(pieces);
  LIFEBOAT_OK(rebuild(*captured, *pieces, last_of(pieces->back())));
  EXPECT_EQ(facts("restored")["collections"], facts("shop")["collections"]);
}

TEST_F(OddShop, IsCarriedWithCollectionsOfOddNames) {
  for (const auto* name :
       {"a$b", "$c", "Case", "case", "a/b", "..", "a b", "ünïcode", "a%2Fb", "x.y"})
    live().insert(name, {testing::document(1, name)});
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"].size(), 10U);
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
}

// LIFEBOAT_TEST_COLLECTIONS=10000 has as many as an application with one for each customer.
TEST_F(OddShop, IsCarriedWithManyCollectionsInBoundedTime) {
  const char* wanted = std::getenv("LIFEBOAT_TEST_COLLECTIONS");
  const int count = wanted == nullptr ? 1000 : std::atoi(wanted);
  for (int i = 0; i < count; ++i)
    live().insert("customer" + std::to_string(i), {testing::document(i)});
  const auto began = std::chrono::steady_clock::now();
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"].size(), static_cast<std::size_t>(count));
  LIFEBOAT_OK(rebuild(*captured));
  EXPECT_EQ(facts("restored"), captured->outcome.facts);
  const auto took = std::chrono::steady_clock::now() - began;
  constexpr auto kForEach = std::chrono::milliseconds(60);  // with sanitizers, on a busy machine
  EXPECT_LT(took, std::chrono::seconds(20) + count * kForEach);
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
