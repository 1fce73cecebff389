#include "service/triggers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"
#include "service/planned.h"
#include "service/schedule_export.h"

namespace lifeboat::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kText = R"(version: 1
services:
  shop:
    tz: Europe/Berlin
    sources: {uploads: {type: files, path: uploads}}
    repositories: [local]
    schedule: {full: "0 3 * * *"}
    drills:
      nightly: {trigger: {cron: "0 5 * * *", on_change: true}}
      each: {trigger: {after_backup: true}}
      asked: {}
repositories:
  local: {url: /srv/backups, key: {file: /etc/key}}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

config::Config config_of(const std::string& text = kText) {
  auto loaded = config::parse_config(text, "/etc/shop/lifeboat.yaml", config::Variables());
  EXPECT_TRUE(loaded) << loaded.error().describe();
  return std::move(loaded->config);
}

const Json kKeys = Json::array({{"local", {"admin passphrase first"}}});

Fingerprint fingerprint(const std::string& text = kText, const Json& keys = kKeys) {
  const auto config = config_of(text);
  return fingerprint_of(config, config.services[0], keys);
}

class TriggersTest : public ::testing::Test {
 protected:
  // Why the drill is due; empty when it is not.
  std::string why(const std::string& drill, Time now = kNow,
                  const Fingerprint& fingerprint_now = fingerprint()) {
    const auto config = config_of();
    for (const auto& each : config.services[0].drills) {
      if (each.options.name != drill) continue;
      const auto due =
          due_now({each, config.services[0].tz, memory_.of(drill), fingerprint_now, now});
      EXPECT_TRUE(due);
      if (due && *due) snapshot_ = (*due)->snapshot;
      return due && *due ? (*due)->reason : "";
    }
    ADD_FAILURE() << "no drill " << drill;
    return "";
  }

  ScratchDirectory folder_ = ScratchDirectory::make().value();
  TriggerMemory memory_{folder_.path(), "shop"};
  std::string snapshot_;
};

TEST_F(TriggersTest, MakeADrillDueThatNeverRan) {
  EXPECT_THAT(why("nightly"), HasSubstr("never ran"));
  EXPECT_EQ(why("each"), "") << "it waits for a backup";
  EXPECT_EQ(why("asked"), "") << "only people ask for it";
}

TEST_F(TriggersTest, MakeADrillDueWhenItsTimeHasCome) {
  const Time five_in_berlin = *parse_rfc3339("2025-11-21T04:00:00Z");
  memory_.ran("nightly", {five_in_berlin - minutes(30)}, fingerprint());
  EXPECT_EQ(why("nightly", five_in_berlin - minutes(1)), "");
  EXPECT_EQ(why("nightly", five_in_berlin), "it was due at 2025-11-21T04:00:00Z");
  EXPECT_NE(why("nightly", kNow), "") << "what was missed is caught up";
  memory_.ran("nightly", {five_in_berlin}, fingerprint());
  EXPECT_EQ(why("nightly", kNow), "");
}

TEST_F(TriggersTest, NameWhatChanged) {
  struct Change {
    std::string from;
    std::string to;
    std::string part;
  };
  const std::vector<Change> changes{
      {"path: uploads", "path: elsewhere", "sources"},
      {"{uploads:", "{more: {type: files, path: m}, uploads:", "sources"},
      {"url: /srv/backups", "url: /srv/other", "repositories"},
      {"0 3 * * *", "0 4 * * *", "schedules"},
      {"tz: Europe/Berlin", "tz: UTC", "schedules"},
      {"file: /etc/key", "file: /etc/key2", "keys"}};
  memory_.ran("nightly", {kNow}, fingerprint());
  for (const auto& change : changes)
    EXPECT_EQ(why("nightly", kNow, fingerprint(replaced(kText, change.from, change.to))),
              change.part + " changed since it last ran")
        << change.to;
  const Json added =
      Json::array({{"local", {"admin passphrase first", "reader recipient escrow"}}});
  EXPECT_EQ(why("nightly", kNow, fingerprint(kText, added)), "keys changed since it last ran");
  auto newer = fingerprint();
  newer["versions"] = "other";
  EXPECT_EQ(why("nightly", kNow, newer), "versions changed since it last ran");
  EXPECT_EQ(why("nightly", kNow), "");
}

TEST_F(TriggersTest, LeaveOutWhatIsNoPartOfIt) {
  memory_.ran("nightly", {kNow}, fingerprint());
  const auto more = replaced(kText, "    tz: Europe/Berlin", "    owner: a\n    tz: Europe/Berlin");
  EXPECT_EQ(why("nightly", kNow, fingerprint(more)), "");
  auto unknown = fingerprint();
  unknown.erase("keys");
  EXPECT_EQ(why("nightly", kNow, unknown), "") << "what is not known did not change";
}

TEST_F(TriggersTest, LetOnlyTheNewestBackupWait) {
  memory_.queue("each", {"aaaa", "local", kNow - hours(2)});
  memory_.queue("each", {"bbbb", "local", kNow - hours(1)});
  EXPECT_EQ(why("each"), "backup bbbb was taken");
  EXPECT_EQ(snapshot_, "bbbb");
  memory_.ran("each", {kNow, "bbbb"}, fingerprint());
  EXPECT_EQ(why("each"), "");
}

TEST_F(TriggersTest, LetABackupWaitUntilExactlyItWasDrilled) {
  memory_.queue("each", {"bbbb", "local", kNow - hours(1)});
  memory_.ran("each", {kNow, "aaaa"}, fingerprint());
  EXPECT_EQ(why("each"), "backup bbbb was taken") << "somebody drilled an older one";
  memory_.ran("each", {kNow}, fingerprint());
  EXPECT_EQ(why("each"), "backup bbbb was taken") << "no repository opened";
  memory_.ran("each", {kNow, "bbbb"}, fingerprint());
  EXPECT_EQ(why("each"), "");
}

TEST_F(TriggersTest, KeepABackupThatCameWhileTheDrillRan) {
  memory_.queue("each", {"aaaa", "local", kNow - minutes(6)});
  memory_.queue("each", {"bbbb", "local", kNow});
  memory_.ran("each", {kNow - minutes(5), "aaaa"}, fingerprint());
  EXPECT_EQ(why("each"), "backup bbbb was taken");
}

TEST_F(TriggersTest, AreRememberedInTheStateDirectory) {
  memory_.ran("nightly", {kNow}, fingerprint());
  memory_.queue("each", {"bbbb", "local", kNow});
  ASSERT_TRUE(memory_.write());
  memory_ = TriggerMemory(folder_.path(), "shop");
  EXPECT_EQ(why("nightly"), "");
  EXPECT_EQ(why("each"), "backup bbbb was taken");
}

TEST_F(TriggersTest, OfADamagedFileAreAsIfNothingEverRan) {
  const auto file = folder_.path() / "triggers" / "shop.json";
  ASSERT_TRUE(make_directories(file.parent_path()));
  for (const auto* text : {"{", "[]", R"({"nightly": 7})", R"({"nightly": {"ran": "noon"}})",
                           R"({"nightly": {"ran": 1, "fingerprint": "x", "queued": []}})",
                           R"({"each": {"queued": {"snapshot": 1, "time": "x"}}})"}) {
    ASSERT_TRUE(write_file(file, view_of(text)));
    memory_ = TriggerMemory(folder_.path(), "shop");
    EXPECT_THAT(why("nightly"), HasSubstr("never ran")) << text;
    EXPECT_EQ(why("each"), "") << text;
    memory_.ran("nightly", {kNow}, fingerprint());
    memory_.queue("each", {"bbbb", "local", kNow});
    EXPECT_EQ(why("nightly"), "") << text;
    EXPECT_EQ(why("each"), "backup bbbb was taken") << text;
  }
}

TEST(Export, HasALineForDrillsThatWait) {
  const auto config = config_of();
  const auto due = due_of(config.services[0]);
  ASSERT_TRUE(due);
  std::vector<std::string> names;
  for (const auto& each : *due) names.push_back(each.what);
  EXPECT_THAT(names, ElementsAre("backup full", "drill nightly", "due drills"));
  EXPECT_THAT(due->back().arguments, ElementsAre("drill", "run", "shop", "--due"));
}

TEST(PlannedBackup, MayBeAsOldAsUntilItsNextTimeAndSomeGrace) {
  const auto config = config_of();
  const auto three_in_berlin = *parse_rfc3339("2025-11-21T02:00:00Z");
  const auto limit = planned_backup(config.services[0], three_in_berlin + minutes(10));
  ASSERT_TRUE(limit);
  EXPECT_EQ(*limit, hours(24) - minutes(10) + hours(6)) << "a day, and a quarter of it";
}

TEST(PlannedBackup, FollowsTheTimerThatComesNext) {
  const auto text =
      replaced(kText, "{full: \"0 3 * * *\"}", "{full: \"0 3 * * *\", incremental: \"0 * * * *\"}");
  const auto limit = planned_backup(config_of(text).services[0], kNow);
  ASSERT_TRUE(limit);
  EXPECT_EQ(*limit, minutes(15) + hours(1));
}

TEST(PlannedDrills, MayNotWaitForTheirBackupForEver) {
  const auto folder = ScratchDirectory::make().value();
  TriggerMemory memory(folder.path(), "shop");
  memory.ran("nightly", {kNow}, fingerprint());
  memory.queue("each", {"aaaa", "local", kNow - hours(48)});
  memory.queue("each", {"bbbb", "local", kNow - hours(24)});
  ASSERT_TRUE(memory.write());
  const auto config = config_of();
  const auto planned = planned_drills(config.services[0], {}, folder.path());
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->size(), 2U);
  EXPECT_EQ(planned->back().name, "each");
  EXPECT_EQ(planned->back().last, kNow - hours(48)) << "the newest does not hide how long it waits";
  EXPECT_EQ(planned->back().limit, hours(26));
}

TEST(PlannedBackup, WithoutAScheduleIsNotPlanned) {
  const auto text = replaced(kText, "    schedule: {full: \"0 3 * * *\"}\n", "");
  EXPECT_FALSE(planned_backup(config_of(text).services[0], kNow));
}

TEST(PlannedDrills, AreThoseWithTimesAndKnowTheLatestRunAnywhere) {
  const auto folder = ScratchDirectory::make().value();
  TriggerMemory memory(folder.path(), "shop");
  memory.ran("nightly", {kNow - hours(50)}, fingerprint());
  ASSERT_TRUE(memory.write());
  const auto config = config_of();
  policy::WatchRecord record;
  record.copies.resize(2);
  record.copies[1].drills["nightly"].time = kNow - hours(3);
  const auto planned = planned_drills(config.services[0], record, folder.path());
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->size(), 1U);
  EXPECT_EQ(planned->front().last, kNow - hours(3));
  record.copies.clear();
  EXPECT_EQ(planned_drills(config.services[0], record, folder.path())->front().last,
            kNow - hours(50));
}

}  // namespace
}  // namespace lifeboat::service
