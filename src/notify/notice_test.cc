#include "notify/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_value.h"
#include "notify/kinds.h"
#include "notify/scrub.h"

namespace lifeboat::notify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Notice some_notice(std::vector<Event> events = {Event::failed}) {
  Notice notice;
  notice.id = "4f2a81c09b";
  notice.events = std::move(events);
  notice.service = "shop";
  notice.subject = "drill nightly";
  notice.verdict = "failed";
  notice.reason = "counts.db: 2 rows are missing";
  notice.since = "2025-11-20T03:00:00Z";
  notice.next = "lifeboat drill show 4f2a81c09b --service shop";
  notice.host = "backup-1";
  notice.owner = "ops@shop.example";
  notice.time = Time(std::chrono::seconds(1'763'718'300));
  return notice;
}

TEST(Notice, SaysWhatHappenedAndWhatToDo) {
  EXPECT_EQ(text_of(some_notice()),
            "shop: drill nightly failed\n"
            "Why: counts.db: 2 rows are missing\n"
            "Since: 2025-11-20T03:00:00Z\n"
            "Next: lifeboat drill show 4f2a81c09b --service shop\n"
            "Owner: ops@shop.example\n"
            "When: 2025-11-21T09:45:00Z\n"
            "Where: backup-1");
}

TEST(Notice, SaysInItsHeadlineThatAnObjectiveWasMissed) {
  auto notice = some_notice({Event::proven, Event::recovered, Event::missed});
  notice.verdict = "proven";
  EXPECT_EQ(headline(notice), "shop: drill nightly proven again, but an objective was missed");
}

TEST(Notice, IsTheSameAfterItWasWrittenAndRead) {
  const auto notice = some_notice({Event::unverified, Event::missed});
  const auto read = notice_of(to_json(notice));
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(to_json(*read), to_json(notice));
}

TEST(Notice, ThatIsNoNoticeIsCorrupt) {
  for (const auto* change :
       {R"({"events": []})", R"({"events": ["gone"]})", R"({"events": [1]})", R"({"time": "noon"})",
        R"({"service": 7})", R"({"format": 2})", R"({"lost": -1})", R"({"events": {}})"}) {
    auto json = to_json(some_notice());
    json.update(*parse_json(change));
    EXPECT_FALSE(notice_of(json)) << change;
  }
}

TEST(Notice, KnowsEveryEventByItsName) {
  std::string names;
  for (auto event = 0; event <= static_cast<int>(Event::test); ++event) {
    const auto name = name_of(static_cast<Event>(event));
    EXPECT_EQ(*parse_event(name), static_cast<Event>(event));
    names += (names.empty() ? "" : "|") + std::string(name);
  }
  EXPECT_EQ(names, std::string(kEventWords) + "|test");
}

TEST(OneLine, HasNoControlCharactersAndNoHalfLetters) {
  EXPECT_EQ(one_line("a\r\nBcc: b\x1b[31m\tc\n", 100), "a Bcc: b [31m c");
  EXPECT_EQ(one_line("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 7), "\xc3\xa9\xc3\xa9…");
  EXPECT_EQ(one_line("", 10), "");
}

TEST(Signature, IsTheHmacOfTimeAndBody) {
  // printf '1763718300.{"a":1}' | openssl dgst -sha256 -hmac key
  EXPECT_EQ(signature_of(Secret::from_text("key"), 1'763'718'300, "{\"a\":1}"),
            "t=1763718300,v1=fd8d23455269c959f49a960d9ffe78121a7874ee8a8504db100c7c72f7c63e7b");
}

TEST(Scrub, TakesTheUrlOutOfWhatAServerRepeats) {
  const auto url =
      Secret::from_text("https://hooks.example.org/services/T0001/B0002/s3cr3tt0ken?k=v9z8");
  for (const auto* text : {"no /services/T0001/B0002/s3cr3tt0ken here",
                           "GET https://hooks.example.org/services/T0001/"
                           "B0002/s3cr3tt0ken?k=v9z8 failed",
                           "unknown token s3cr3tt0ken", "query k=v9z8 of s3cr3tt0ken?k=v9z8"})
    EXPECT_THAT(without_url(text, url), Not(HasSubstr("s3cr3tt0ken"))) << text;
  EXPECT_EQ(without_url("all is well", url), "all is well");
  EXPECT_EQ(without_url("the root / of it", Secret::from_text("https://a.example/")),
            "the root / of it");
}

TEST(Scrub, TakesOutASecretOfSeveralLinesHoweverItIsPrinted) {
  const std::string key = "-----BEGIN KEY-----\r\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n";
  for (const auto& text : {"read " + key + " twice", "read " + one_line(key, 200),
                           std::string("bad line: hkiG9w0BAQEFAASC."), "MIIEvQIBADANBgkq " + key}) {
    const auto clean = without(text, key);
    EXPECT_THAT(clean, Not(HasSubstr("MIIEv"))) << clean;
    EXPECT_THAT(clean, Not(HasSubstr("hkiG9"))) << clean;
  }
  EXPECT_EQ(without("pass: 1234567, 99", "1234567\n99\n"), "pass: 1234567, 99")
      << "a short part of it stands there by chance";
}

Options options_of(Kind kind) {
  Options options;
  options.name = "one";
  options.kind = kind;
  return options;
}

TEST(OpenNotifier, RefusesOptionsThatLackSomething) {
  EXPECT_FALSE(open_notifier(options_of(Kind::slack)));
  auto webhook = options_of(Kind::webhook);
  webhook.url = Secret::from_text("https://example.org/hook");
  EXPECT_THAT(open_notifier(std::move(webhook)).error().message(), HasSubstr("sign"));
  auto elsewhere = options_of(Kind::heartbeat);
  elsewhere.url = Secret::from_text("file:///etc/passwd");
  EXPECT_FALSE(open_notifier(std::move(elsewhere)));
  auto email = options_of(Kind::email);
  email.server = "smtps://mail.example.org";
  EXPECT_FALSE(open_notifier(std::move(email)));
}

TEST(Notifier, IsToldOfWhatItAskedFor) {
  auto slack = options_of(Kind::slack);
  slack.on = {Event::failed, Event::recovered};
  EXPECT_TRUE(wants(slack, some_notice({Event::failed})));
  EXPECT_TRUE(wants(slack, some_notice({Event::proven, Event::recovered})));
  EXPECT_TRUE(wants(slack, some_notice({Event::test})));
  EXPECT_FALSE(wants(slack, some_notice({Event::proven})));
  EXPECT_FALSE(wants(slack, some_notice({Event::unverified, Event::missed})));
}

TEST(Notifier, OfAHeartbeatFollowsDrillsOrBackups) {
  const auto drills = options_of(Kind::heartbeat);
  auto backups = options_of(Kind::heartbeat);
  backups.watches = "backup";
  auto backup = some_notice({Event::backup});
  backup.subject = "backup";
  EXPECT_TRUE(wants(drills, some_notice({Event::proven})));
  EXPECT_TRUE(wants(drills, some_notice({Event::unverified})));
  EXPECT_FALSE(wants(drills, backup));
  EXPECT_TRUE(wants(backups, backup));
  EXPECT_FALSE(wants(backups, some_notice({Event::failed})));
  EXPECT_FALSE(wants(drills, some_notice({Event::restore})));
}

}  // namespace
}  // namespace lifeboat::notify
