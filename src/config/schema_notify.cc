#include "config/schema_notify.h"

#include "notify/options.h"

namespace lifeboat::config {
namespace {

constexpr Row kNotifyRows[] = {
    {.path = "notifiers",
     .type = Type::names,
     .about = "Who can be told of what happens; a service names those that it tells in `notify`."},
    {.path = "notifiers.*",
     .type = Type::block,
     .about = "One receiver of notices. What cannot be delivered waits, and is tried again with "
              "the next run.",
     .example = "{type: slack, url: \"${SLACK_WEBHOOK}\"}"},
    {.path = "notifiers.*.type",
     .type = Type::choice,
     .about = "`slack`: an incoming webhook of Slack or Mattermost. `webhook`: signed JSON to a "
              "program of yours. `email`. `heartbeat`: a URL asked for when it went well, with "
              "`/fail` behind it when not.",
     .required = true,
     .choices = "slack|webhook|email|heartbeat"},
    {.path = "notifiers.*.url",
     .type = Type::secret,
     .about = "Where to. It is a secret: who has it can write there.",
     .example = "\"${SLACK_WEBHOOK}\"",
     .only_for = "slack|webhook|heartbeat"},
    {.path = "notifiers.*.secret",
     .type = Type::secret,
     .about = "What the body is signed with (HMAC-SHA256, `docs/notices.md`).",
     .example = "\"${HOOK_SECRET}\"",
     .only_for = "webhook"},
    {.path = "notifiers.*.on",
     .type = Type::choice_list,
     .about = "What it is told of.",
     .fallback = "[failed, unverified, missed, overdue, recovered, restore]",
     .choices = notify::kEventWords,
     .only_for = "slack|webhook|email"},
    {.path = "notifiers.*.watches",
     .type = Type::choice,
     .about = "What the heartbeat follows: drills that prove, or backups that are complete.",
     .fallback = "drill",
     .choices = "drill|backup",
     .only_for = "heartbeat"},
    {.path = "notifiers.*.server",
     .type = Type::text,
     .about = "The mail server: `smtps://host:465`, or `smtp://host:587` with STARTTLS.",
     .example = "smtps://mail.example.org:465",
     .only_for = "email"},
    {.path = "notifiers.*.tls",
     .type = Type::choice,
     .about = "`none` sends in plain text, and then no password.",
     .fallback = "required",
     .choices = "required|none",
     .only_for = "email"},
    {.path = "notifiers.*.user",
     .type = Type::text,
     .about = "Who logs in at the mail server.",
     .fallback = "nobody",
     .only_for = "email"},
    {.path = "notifiers.*.password",
     .type = Type::secret,
     .about = "The password for it.",
     .example = "\"${SMTP_PASSWORD}\"",
     .only_for = "email"},
    {.path = "notifiers.*.from",
     .type = Type::text,
     .about = "The sender's address, alone.",
     .example = "lifeboat@example.org",
     .only_for = "email"},
    {.path = "notifiers.*.to",
     .type = Type::text_list,
     .about = "The receivers' addresses, alone.",
     .example = "[ops@example.org]",
     .only_for = "email"},
    {.path = "notifiers.*.ca",
     .type = Type::path,
     .about = "Certificates to trust (PEM), for a receiver with an authority of its own.",
     .fallback = "the system's authorities"},
};

}  // namespace

std::span<const Row> notify_rows() { return kNotifyRows; }

}  // namespace lifeboat::config
