#pragma once
// The kinds of notifier that there are, for the one place that chooses. Thread-safe.
#include "notify/notifier.h"

namespace lifeboat::notify {

// {"text": …} to an incoming webhook of Slack, or of what reads the same (Mattermost, Rocket.Chat).
std::unique_ptr<Notifier> make_slack(Options options);
// The notice as JSON, signed (docs/notices.md).
std::unique_ptr<Notifier> make_webhook(Options options);
// A mail in plain text.
std::unique_ptr<Notifier> make_email(Options options);
// A URL that is asked for when it went well, and with "/fail" behind it when it did not, as
// healthchecks.io does: who hears nothing for too long raises the alarm.
std::unique_ptr<Notifier> make_heartbeat(Options options);

// The value of the header Lifeboat-Signature: "t=SECONDS,v1=HEX", where HEX is the HMAC-SHA256 of
// "SECONDS.BODY" under the secret.
std::string signature_of(const Secret& secret, std::int64_t seconds, std::string_view body);

}  // namespace lifeboat::notify
