#include <gmock/gmock.h>

#include "base/json_value.h"
#include "base/test_context.h"
#include "config/portable.h"
#include "config/resolve.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::string kNotifiers = R"(notifiers:
  ops-slack: {type: slack, url: "${SLACK_WEBHOOK}", on: [failed, unverified, overdue, recovered]}
  pager: {type: webhook, url: "https://pager.example.org/${TOKEN}", secret: "${HOOK_SECRET}"}
  mail:
    type: email
    server: smtps://mail.example.org:465
    user: lifeboat
    password: "${SMTP_PASSWORD}"
    from: lifeboat@example.org
    to: [ops@example.org, "${SECOND:-second@example.org}"]
    ca: authority.pem
  pulse: {type: heartbeat, url: "${PULSE}", watches: backup}
)";

const std::map<std::string, std::string> kSecrets{{"SLACK_WEBHOOK", "https://hooks.example.org/T1"},
                                                  {"TOKEN", "t0ken"},
                                                  {"HOOK_SECRET", "sign"},
                                                  {"SMTP_PASSWORD", "pass"},
                                                  {"PULSE", "https://pulse.example.org/1"}};

std::string whole(const std::string& notifiers = kNotifiers) {
  return replaced(kWholeText, "    tz: Europe/Berlin",
                  "    tz: Europe/Berlin\n    notify: [ops-slack, mail]") +
         notifiers;
}

std::string said(const std::string& from, const std::string& to) {
  const auto loaded = parse_text(whole(replaced(kNotifiers, from, to)));
  return loaded ? "" : loaded.error().describe();
}

Result<notify::Options> resolved_notifier(const std::string& name,
                                          std::map<std::string, std::string> environment = kSecrets,
                                          const std::string& text = whole()) {
  TestContext test;
  const auto loaded = TRY(parse_text(text, std::move(environment)));
  const Resolver resolver(loaded.config, loaded.variables);
  return resolver.notifier(*TRY(loaded.config.find_notifier(name)), test.context);
}

TEST(Notifiers, AreReadAsTheyAreWritten) {
  const auto loaded = parse_text(whole());
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_THAT(loaded->config.services[0].notify, ElementsAre("ops-slack", "mail"));
  ASSERT_THAT(loaded->config.notifiers, SizeIs(4));
  using notify::Event;
  EXPECT_THAT(loaded->config.notifiers[0].on,
              ElementsAre(Event::failed, Event::unverified, Event::overdue, Event::recovered));
  EXPECT_THAT(loaded->config.notifiers[1].on,
              ElementsAre(Event::failed, Event::unverified, Event::missed, Event::overdue,
                          Event::recovered, Event::restore))
      << "what nobody chose";
  EXPECT_EQ(loaded->config.notifiers[3].watches, "backup");
}

TEST(Notifiers, AreFilledInOnUse) {
  const auto mail = resolved_notifier("mail");
  ASSERT_TRUE(mail) << mail.error().describe();
  EXPECT_EQ(to_text(mail->password.view()), "pass");
  EXPECT_EQ(mail->ca_file, "/etc/shop/authority.pem");
  EXPECT_THAT(mail->to, ElementsAre("ops@example.org", "second@example.org"));
  EXPECT_TRUE(mail->tls);
  EXPECT_EQ(to_text(resolved_notifier("pager")->url.view()), "https://pager.example.org/t0ken");
}

TEST(Notifiers, WithoutTheirVariableSayWhichAndNothingElseNeedsIt) {
  const auto slack = resolved_notifier("ops-slack", {});
  ASSERT_FALSE(slack);
  EXPECT_THAT(slack.error().describe(), HasSubstr("SLACK_WEBHOOK"));
}

TEST(Notifiers, RefuseAnAddressThatWouldBecomeAHeader) {
  auto environment = kSecrets;
  for (const auto* address : {"a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example",
                              "<a@b.example>", "a", "@b", "a b@c.example", "a@", "a@b@c"}) {
    environment["SECOND"] = address;
    EXPECT_FALSE(resolved_notifier("mail", environment)) << address;
  }
}

TEST(Notifiers, ReportAllTheirMistakesAtOnce) {
  const auto loaded = parse_text(whole(R"(notifiers:
  ops-slack: {type: slack, url: "${A}", on: [failed, recoverd]}
  mail: {type: email, server: "smtp://me:pw@mail.example.org", from: "Ops <ops@example.org>"}
)"));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().describe(),
            "/etc/shop/lifeboat.yaml has 4 mistakes\n"
            "  /etc/shop/lifeboat.yaml:32:54: \"on\": \"recoverd\" is not known here (one of: "
            "failed, unverified, missed, overdue, recovered, restore, proven, backup)\n"
            "  /etc/shop/lifeboat.yaml:33:9: \"to\" is missing (The receivers' addresses, "
            "alone.)\n"
            "  /etc/shop/lifeboat.yaml:33:31: \"server\" is no mail server (write "
            "smtps://host:465, or smtp://host:587 for STARTTLS; user and password stand in keys of "
            "their own)\n"
            "  /etc/shop/lifeboat.yaml:33:70: not a mail address (write it alone, such as "
            "ops@example.org)");
}

TEST(Notifiers, AreRefusedWithoutWhatTheirKindNeeds) {
  EXPECT_THAT(said(", secret: \"${HOOK_SECRET}\"", ""), HasSubstr("\"secret\" is missing"));
  EXPECT_THAT(said(" url: \"${PULSE}\",", ""), HasSubstr("\"url\" is missing"));
  EXPECT_THAT(said("url: \"${PULSE}\"", "url: \"ftp://x.example\""),
              HasSubstr("no URL of the web"));
  EXPECT_THAT(said("    user: lifeboat\n", ""), HasSubstr("belong together"));
  EXPECT_THAT(said("    user: lifeboat\n", "    user: lifeboat\n    tls: none\n"),
              HasSubstr("a password is not sent without TLS"));
  EXPECT_THAT(said("watches: backup", "on: [failed]"),
              HasSubstr("\"on\" is only for notifiers of type slack or webhook or email"));
  EXPECT_THAT(said("type: heartbeat", "type: pigeon"), HasSubstr("\"pigeon\" is not known here"));
}

TEST(Notifiers, ThatAreNotThereAreNamed) {
  EXPECT_THAT(said("  mail:\n", "  mial:\n"),
              HasSubstr("there is no notifier \"mail\" (did you mean \"mial\"?)"));
}

TEST(Notifiers, WarnOfALiteralSecretAndOfPlainHttp) {
  const auto loaded = parse_text(whole(
      replaced(kNotifiers, "url: \"${PULSE}\"", "url: \"http://pulse.example.org/hunter2\"")));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  std::string warnings;
  for (const auto& problem : loaded->warnings) warnings += problem.message + "\n";
  EXPECT_THAT(warnings, HasSubstr("can be read on the way"));
  EXPECT_THAT(warnings, HasSubstr("\"url\" stands here as plain text"));
  EXPECT_THAT(warnings, Not(HasSubstr("hunter2")));
}

TEST(Notifiers, AreCarriedInSnapshotsWithoutTheirSecrets) {
  auto text = replaced(kNotifiers, "${HOOK_SECRET}", "hunter2");
  text = replaced(text, "${SMTP_PASSWORD}", "hunter3");
  const auto loaded = parse_text(whole(replaced(text, "${SLACK_WEBHOOK}", "https://h/hunter4")));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto carried = canonical_json(portable_json(loaded->config));
  EXPECT_THAT(carried, Not(HasSubstr("hunter")));
  for (const auto* variable : {"${LIFEBOAT_PAGER_SECRET}", "${LIFEBOAT_MAIL_PASSWORD}",
                               "${LIFEBOAT_OPS_SLACK_URL}", "${PULSE}"})
    EXPECT_THAT(carried, HasSubstr(variable));
  EXPECT_TRUE(from_portable_json(portable_json(loaded->config)));
}

}  // namespace
}  // namespace lifeboat::config
