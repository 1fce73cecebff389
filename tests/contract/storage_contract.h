#pragma once
// What every storage::Backend must do. To hold a new one to it:
//   struct MyPlace { std::unique_ptr<Backend> open(); };   // each call: the same place, opened
//   again INSTANTIATE_TYPED_TEST_SUITE_P(My, StorageContract, MyPlace);
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/test_context.h"
#include "storage/backend.h"

namespace lifeboat::storage {

template <class Place>
class StorageContract : public testing::Test {
 protected:
  std::set<Key> keys(const std::string& prefix) {
    std::set<Key> found;
    const auto listed = backend_->list(prefix, [&](const ObjectInfo& info) -> Result<void> {
      EXPECT_TRUE(found.insert(info.key).second) << info.key << " was visited twice";
      return {};
    });
    EXPECT_TRUE(listed) << listed.error().describe();
    return found;
  }

  void put(const Key& key, std::string_view text) {
    const auto stored = backend_->put(key, view_of(text));
    ASSERT_TRUE(stored) << stored.error().describe();
  }

  std::string text(const Key& key, Range range = {}) {
    Bytes bytes;
    const auto read = backend_->get(key, range, bytes);
    return read ? to_text(bytes) : "error: " + read.error().describe();
  }

  template <class T>
  static Code code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? Code::internal : result.error().code();
  }

  // How many of eight racing creates of one key succeed.
  int race(const Key& key, bool same_bytes) {
    std::atomic<int> winners = 0;
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int racer = 0; racer < 8; ++racer)
      threads.emplace_back([&, racer] {
        const Bytes bytes(100'000, static_cast<std::uint8_t>(same_bytes ? 7 : racer));
        const auto stored = backend_->put(key, bytes);
        if (stored)
          ++winners;
        else
          EXPECT_EQ(stored.error().code(), Code::exists) << stored.error().describe();
      });
    threads.clear();
    return winners;
  }

  Place place_;
  std::unique_ptr<Backend> backend_ = place_.open();
};

TYPED_TEST_SUITE_P(StorageContract);

TYPED_TEST_P(StorageContract, GivesBackTheBytesThatWerePut) {
  Bytes big(3'000'001);
  SeededRandom(1).fill(big);
  this->put("config", "small");
  this->put("sessions/w/000000001", "");
  ASSERT_TRUE(this->backend_->put("packs/ab/abcdef", big));
  EXPECT_EQ(this->text("config"), "small");
  EXPECT_EQ(this->text("sessions/w/000000001"), "");
  EXPECT_EQ(*get_whole(*this->backend_, "packs/ab/abcdef"), big);
}

TYPED_TEST_P(StorageContract, CutsRangesAtTheEndAndReplacesTheBuffer) {
  this->put("a", "0123456789");
  Bytes into = to_bytes("what was there before");
  ASSERT_TRUE(this->backend_->get("a", Range{2, 3}, into));
  EXPECT_EQ(to_text(into), "234");
  EXPECT_EQ(this->text("a", Range{8, 100}), "89");
  EXPECT_EQ(this->text("a", Range{1}), "123456789");
  EXPECT_EQ(this->text("a", Range{10, 1}), "");
  EXPECT_EQ(this->text("a", Range{3, 0}), "");
}

TYPED_TEST_P(StorageContract, ARangeThatBeginsPastTheEndIsCorrupt) {
  this->put("a", "0123456789");
  Bytes into;
  EXPECT_EQ(this->code_of(this->backend_->get("a", Range{11, 1}, into)), Code::corrupt);
  EXPECT_EQ(this->code_of(this->backend_->get("a", Range{UINT64_MAX, UINT64_MAX}, into)),
            Code::corrupt);
}

TYPED_TEST_P(StorageContract, AnAbsentObjectIsNotFound) {
  Bytes into;
  EXPECT_EQ(this->code_of(this->backend_->get("a", {}, into)), Code::not_found);
  EXPECT_EQ(this->code_of(this->backend_->get("no/such/folder", {}, into)), Code::not_found);
  EXPECT_EQ(this->code_of(this->backend_->stat("a")), Code::not_found);
  EXPECT_EQ(this->code_of(this->backend_->stat("no/such/folder")), Code::not_found);
}

TYPED_TEST_P(StorageContract, TheSameBytesAgainSucceedAndOtherBytesChangeNothing) {
  this->put("folder/a", "first");
  EXPECT_TRUE(this->backend_->put("folder/a", view_of("first")));
  EXPECT_EQ(this->code_of(this->backend_->put("folder/a", view_of("other"))), Code::exists);
  EXPECT_EQ(this->code_of(this->backend_->put("folder/a", view_of("first and more"))),
            Code::exists);
  EXPECT_EQ(this->code_of(this->backend_->put("folder/a", {})), Code::exists);
  EXPECT_EQ(this->text("folder/a"), "first");
}

TYPED_TEST_P(StorageContract, ListsWhatBeginsWithThePrefix) {
  for (const auto* key : {"config", "packs/aa/aa1", "packs/aa/ab2", "packs/ab/ab1", "packs.old"})
    this->put(key, key);
  EXPECT_EQ(this->keys("").size(), 5U);
  EXPECT_EQ(this->keys("packs/"), (std::set<Key>{"packs/aa/aa1", "packs/aa/ab2", "packs/ab/ab1"}));
  EXPECT_EQ(this->keys("packs").size(), 4U);
  EXPECT_EQ(this->keys("packs/a").size(), 3U);
  EXPECT_EQ(this->keys("packs/aa/a"), (std::set<Key>{"packs/aa/aa1", "packs/aa/ab2"}));
  EXPECT_EQ(this->keys("packs/aa/aa1"), (std::set<Key>{"packs/aa/aa1"}));
  EXPECT_TRUE(this->keys("index/").empty());
  EXPECT_TRUE(this->keys("no/such/folder/").empty());
}

TYPED_TEST_P(StorageContract, ListAndStatTellSizeAndTimeAlike) {
  this->put("folder/a", "12345");
  const auto seen = this->backend_->stat("folder/a");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->key, "folder/a");
  EXPECT_EQ(seen->size, 5U);
  EXPECT_GT(seen->stored_at.time_since_epoch().count(), 0);
  const auto listed = this->backend_->list("folder/", [&](const ObjectInfo& info) -> Result<void> {
    EXPECT_EQ(info.size, 5U);
    EXPECT_EQ(info.stored_at, seen->stored_at);
    return {};
  });
  EXPECT_TRUE(listed);
}

TYPED_TEST_P(StorageContract, TheVisitorsErrorEndsTheList) {
  this->put("a", "a");
  this->put("folder/b", "b");
  int visits = 0;
  const auto listed = this->backend_->list("", [&](const ObjectInfo&) -> Result<void> {
    ++visits;
    return fail(Error(Code::interrupted, "enough").as_retryable());
  });
  EXPECT_EQ(this->code_of(listed), Code::interrupted);
  EXPECT_EQ(visits, 1);
}

TYPED_TEST_P(StorageContract, TheVisitorMayUseTheBackend) {
  for (const auto* key : {"x/a", "x/b", "x/c"}) this->put(key, key);
  const auto listed = this->backend_->list("x/", [&](const ObjectInfo& info) -> Result<void> {
    EXPECT_EQ(this->text(info.key), info.key);
    return this->backend_->remove(info.key);
  });
  EXPECT_TRUE(listed);
  EXPECT_TRUE(this->keys("x/").empty());
}

TYPED_TEST_P(StorageContract, ListsManyObjectsOnce) {
  std::set<Key> all;
  for (int number = 0; number < 300; ++number) {
    const auto key = "many/" + std::to_string(number % 7) + "/" + std::to_string(number);
    this->put(key, key);
    all.insert(key);
  }
  EXPECT_EQ(this->keys("many/"), all);
}

TYPED_TEST_P(StorageContract, RemovesAndRemovesAgain) {
  this->put("folder/a", "a");
  EXPECT_TRUE(this->backend_->remove("folder/a"));
  EXPECT_TRUE(this->backend_->remove("folder/a"));
  EXPECT_TRUE(this->backend_->remove("no/such/folder"));
  EXPECT_EQ(this->code_of(this->backend_->stat("folder/a")), Code::not_found);
  this->put("folder/a", "another");
  EXPECT_EQ(this->text("folder/a"), "another");
}

TYPED_TEST_P(StorageContract, RefusesWhatIsNotAKey) {
  const std::vector<Key> bad{"",       "/",     "/a",
                             "a/",     "a//b",  ".",
                             "..",     "a/..",  "../a",
                             "a/../b", "A",     "a b",
                             "a\\b",   "a\nb",  "\xc3\xa4",
                             "tmp",    "tmp/a", std::string(201, 'a'),
                             "a:b",    "a*",    std::string("a\0b", 3)};
  Bytes into;
  for (const auto& key : bad) {
    EXPECT_EQ(this->code_of(this->backend_->put(key, view_of("x"))), Code::usage) << key;
    EXPECT_EQ(this->code_of(this->backend_->get(key, {}, into)), Code::usage) << key;
    EXPECT_EQ(this->code_of(this->backend_->stat(key)), Code::usage) << key;
    EXPECT_EQ(this->code_of(this->backend_->remove(key)), Code::usage) << key;
  }
  for (const Key prefix : {"/", "../", "a/../", "a//", "tmp/", "A"})
    EXPECT_EQ(this->code_of(this->backend_->list(prefix, {})), Code::usage) << prefix;
  EXPECT_TRUE(this->keys("").empty());
}

TYPED_TEST_P(StorageContract, TakesEveryKindOfKey) {
  for (const Key& key : {Key("a"), Key("0-_.z"), Key("..a"), Key("tmp.a"), Key("b/tmp/c"),
                         Key(200, 'a'), Key("c/b/c/d/e/f/g")}) {
    this->put(key, key);
    EXPECT_EQ(this->text(key), key);
  }
  EXPECT_EQ(this->keys("").size(), 7U);
}

TYPED_TEST_P(StorageContract, OfRacingCreatesWithDifferentBytesExactlyOneWins) {
  for (int round = 0; round < 10; ++round) {
    const auto key = "race/" + std::to_string(round);
    EXPECT_EQ(this->race(key, false), 1);
    const auto bytes = get_whole(*this->backend_, key);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, Bytes(100'000, bytes->front()));
  }
  EXPECT_EQ(this->keys("race/").size(), 10U);
}

TYPED_TEST_P(StorageContract, RacingCreatesWithTheSameBytesAllSucceed) {
  EXPECT_EQ(this->race("race/same", true), 8);
}

TYPED_TEST_P(StorageContract, ThePlaceOpenedAgainHoldsTheSame) {
  this->put("folder/a", "kept");
  const auto again = this->place_.open();
  Bytes into;
  ASSERT_TRUE(again->get("folder/a", {}, into));
  EXPECT_EQ(to_text(into), "kept");
  EXPECT_EQ(this->code_of(again->put("folder/a", view_of("other"))), Code::exists);
}

TYPED_TEST_P(StorageContract, GetWholeRefusesMoreThanItsLimit) {
  this->put("a", "12345");
  EXPECT_EQ(to_text(*get_whole(*this->backend_, "a", 5)), "12345");
  EXPECT_EQ(this->code_of(get_whole(*this->backend_, "a", 4)), Code::corrupt);
}

TYPED_TEST_P(StorageContract, DescribesItself) {
  EXPECT_FALSE(this->backend_->traits().description.empty());
  EXPECT_GT(this->backend_->traits().pack_size, 0U);
  EXPECT_GT(this->backend_->traits().parallel_reads, 0U);
}

REGISTER_TYPED_TEST_SUITE_P(
    StorageContract, GivesBackTheBytesThatWerePut, CutsRangesAtTheEndAndReplacesTheBuffer,
    ARangeThatBeginsPastTheEndIsCorrupt, AnAbsentObjectIsNotFound,
    TheSameBytesAgainSucceedAndOtherBytesChangeNothing, ListsWhatBeginsWithThePrefix,
    ListAndStatTellSizeAndTimeAlike, TheVisitorsErrorEndsTheList, TheVisitorMayUseTheBackend,
    ListsManyObjectsOnce, RemovesAndRemovesAgain, RefusesWhatIsNotAKey, TakesEveryKindOfKey,
    OfRacingCreatesWithDifferentBytesExactlyOneWins, RacingCreatesWithTheSameBytesAllSucceed,
    ThePlaceOpenedAgainHoldsTheSame, GetWholeRefusesMoreThanItsLimit, DescribesItself);

}  // namespace lifeboat::storage
