#include "notify/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_context.h"

namespace lifeboat::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What receivers do and get, whichever object hands it over.
struct World {
  std::vector<Error> failures;  // answered first, one an attempt
  bool always = false;          // the last of them for ever
  std::vector<std::string> taken;
  unsigned attempts = 0;
};

class Told final : public Notifier {
 public:
  explicit Told(World& world) : world_(world) {}
  Result<std::string> send(const Notice& notice, Duration, const RunContext&) override {
    const auto at = world_.attempts++;
    if (world_.always) return fail(world_.failures.back());
    if (at < world_.failures.size()) return fail(world_.failures[at]);
    world_.taken.push_back(notice.id);
    return "200: ok";
  }

 private:
  World& world_;
};

Error passing() { return Error(Code::unavailable, "no answer").as_retryable(); }
Error lasting() { return {Code::unavailable, "the receiver answered 404"}; }

class OutboxTest : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::string& notifier = "ops") {
    Notice notice;
    notice.id = id;
    notice.events = {Event::failed};
    notice.service = "shop";
    notice.subject = "backup";
    notice.verdict = "failed";
    notice.time = test_.clock.now();
    test_.clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(outbox_.add(notice, notifier));
  }
  std::vector<Delivery> run() {
    return deliver(
        outbox_,
        [this](const std::string& name) -> Result<std::unique_ptr<Notifier>> {
          if (!worlds_.contains(name)) return fail(Code::config_invalid, "no notifier " + name);
          return std::make_unique<Told>(worlds_[name]);
        },
        Patience(), test_.context);
  }

  ScratchDirectory folder_ = ScratchDirectory::make().value();
  TestContext test_;
  Outbox outbox_{folder_.path() / "outbox"};
  std::map<std::string, World> worlds_{{"ops", {}}};
};

TEST_F(OutboxTest, IsEmptyWhenThereIsNoFolderYet) {
  EXPECT_THAT(outbox_.letters(), IsEmpty());
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(OutboxTest, HandsOutWhatWaitsInOrder) {
  add("one");
  add("two");
  const auto deliveries = run();
  ASSERT_THAT(deliveries, SizeIs(1));
  EXPECT_TRUE(deliveries[0].delivered);
  EXPECT_EQ(deliveries[0].answer, "200: ok");
  EXPECT_EQ(deliveries[0].sent, 2U);
  EXPECT_EQ(deliveries[0].waiting, 0U);
  EXPECT_THAT(worlds_["ops"].taken, ElementsAre("one", "two"));
  EXPECT_THAT(outbox_.letters(), IsEmpty());
}

TEST_F(OutboxTest, SucceedsAfterTwoFailuresThatPass) {
  worlds_["ops"].failures = {passing(), passing()};
  add("one");
  const auto begun = test_.clock.steady();
  EXPECT_TRUE(run()[0].delivered);
  EXPECT_EQ(worlds_["ops"].attempts, 3U);
  EXPECT_EQ(test_.clock.steady() - begun, std::chrono::seconds(5)) << "1 s, then 4 s";
}

TEST_F(OutboxTest, KeepsWhatCouldNotBeDeliveredForTheNextRun) {
  auto& ops = worlds_["ops"];
  ops.failures = {passing()};
  ops.always = true;
  add("one");
  add("two");
  const auto deliveries = run();
  EXPECT_FALSE(deliveries[0].delivered);
  EXPECT_EQ(deliveries[0].answer, "no answer");
  EXPECT_EQ(deliveries[0].waiting, 2U);
  EXPECT_EQ(ops.attempts, 3U) << "the second is not tried where the first was not taken";
  const auto letters = outbox_.letters();
  ASSERT_THAT(letters, SizeIs(2));
  EXPECT_EQ(letters[0].error, "no answer");
  EXPECT_EQ(letters[0].attempts, 1U);
  ops.always = false;
  ops.attempts = 1;
  EXPECT_TRUE(run()[0].delivered);
  EXPECT_THAT(ops.taken, ElementsAre("one", "two"));
}

TEST_F(OutboxTest, DoesNotHoldBackTheRestBehindOneThatIsRefused) {
  worlds_["ops"].failures = {lasting()};
  add("one");
  add("two");
  const auto deliveries = run();
  EXPECT_THAT(worlds_["ops"].taken, ElementsAre("two"));
  EXPECT_FALSE(deliveries[0].delivered) << "not all was taken";
  EXPECT_EQ(deliveries[0].waiting, 1U);
  EXPECT_EQ(deliveries[0].sent, 1U);
}

TEST_F(OutboxTest, StopsAtAReceiverThatRefusesEverything) {
  worlds_["ops"].failures = {lasting()};
  worlds_["ops"].always = true;
  for (const auto* id : {"1", "2", "3", "4", "5"}) add(id);
  EXPECT_EQ(run()[0].waiting, 5U);
  EXPECT_EQ(worlds_["ops"].attempts, 3U);
}

TEST_F(OutboxTest, ReachesTheOthersWhenOneNotifierIsNotThere) {
  add("one", "gone");
  add("two", "ops");
  const auto deliveries = run();
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_FALSE(deliveries[0].delivered);
  EXPECT_THAT(deliveries[0].answer, HasSubstr("no notifier gone"));
  EXPECT_TRUE(deliveries[1].delivered);
  EXPECT_THAT(outbox_.letters(), SizeIs(1));
}

TEST_F(OutboxTest, SaysHowManyWereGivenUpWhenTooManyWait) {
  for (std::size_t count = 0; count < Outbox::kMostLetters + 2; ++count)
    add("n" + std::to_string(count));
  add("other", "gone");
  const auto letters = outbox_.letters();
  ASSERT_THAT(letters, SizeIs(Outbox::kMostLetters + 1));
  EXPECT_EQ(letters[0].notice.id, "n2");
  unsigned lost = 0;
  for (const auto& letter : letters) lost += letter.notice.lost;
  EXPECT_EQ(lost, 2U);
  EXPECT_THAT(text_of(letters[Outbox::kMostLetters - 1].notice), HasSubstr("1 earlier notice was"));
}

TEST_F(OutboxTest, NamesAFileThatCannotBeRead) {
  add("one");
  ASSERT_TRUE(write_file(folder_.path() / "outbox" / "0-x-ops.json", view_of("{\"notifier\"")));
  const auto deliveries = run();
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_FALSE(deliveries[0].delivered);
  EXPECT_THAT(deliveries[0].hint, HasSubstr("0-x-ops.json"));
  EXPECT_TRUE(deliveries[1].delivered);
}

TEST_F(OutboxTest, DeliversNothingOnceTheRunWasStopped) {
  add("one");
  test_.stop.request_stop();
  worlds_["ops"].failures = {Error(Code::interrupted, "interrupted")};
  EXPECT_FALSE(run()[0].delivered);
  EXPECT_THAT(outbox_.letters(), SizeIs(1));
}

}  // namespace
}  // namespace lifeboat::notify
