#pragma once
// Hands one mail to an SMTP server, over TLS unless told otherwise. Thread-safe: each call has a
// connection of its own.
#include <string>
#include <vector>

#include "base/run_context.h"
#include "base/secret.h"

namespace lifeboat::net {

struct MailServer {
  std::string url;      // "smtps://host:465" (TLS from the start) or "smtp://host:587" (STARTTLS)
  bool tls = true;      // without it a password is refused: it would be read on the way
  std::string ca_file;  // trusted instead of the system's authorities; empty = those
  std::string user;     // empty = nobody logs in
  Secret password;
};

struct Mail {
  std::string from;  // addresses alone: "ops@example.org"
  std::vector<std::string> to;
  std::string text;  // headers, an empty line, the body (RFC 5322), with CRLF
};

// What the server said last: "250 2.0.0 queued as 1". `unavailable` when nobody answers or TLS
// cannot be had, `timed_out` after `limit`, `permission_denied` for a login or an address that is
// not accepted, `refused` for a password without TLS. Neither the password nor the text is in an
// error.
Result<std::string> send_mail(const MailServer& server, const Mail& mail, Duration limit,
                              const RunContext& context);

}  // namespace lifeboat::net
