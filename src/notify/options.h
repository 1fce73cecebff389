#pragma once
// Where notices go, and which: what the configuration says of one notifier, with its secrets filled
// in. Values only.
#include <cstdint>
#include <string>
#include <vector>

#include "base/secret.h"

namespace lifeboat::notify {

enum class Kind : std::uint8_t { slack, webhook, email, heartbeat };

// What a notice is about. One may be about several: a drill that is proven again and missed its
// objective is `proven`, `recovered` and `missed`.
enum class Event : std::uint8_t {
  failed,      // a drill or a backup failed
  unverified,  // a drill could not decide
  missed,      // a drill was proven, and an objective was not met
  overdue,     // a backup or a drill has not come for too long
  recovered,   // good again after it was not
  restore,     // a restore begins, or is over
  proven,      // every drill that proved the backup
  backup,      // every backup that is complete
  test,        // somebody asked for it; every notifier takes it
};

// In the order of the enum, as the configuration writes them; `test` is not among them.
inline constexpr std::string_view kEventWords =
    "failed|unverified|missed|overdue|recovered|restore|proven|backup";
// What a notifier tells that is not told what to tell.
inline constexpr std::string_view kUsualEvents =
    "failed|unverified|missed|overdue|recovered|restore";

struct Options {
  std::string name;
  Kind kind = Kind::slack;
  std::vector<Event> on;
  std::string watches = "drill";  // "drill" or "backup": what a heartbeat follows
  std::string ca_file;            // trusted instead of the system's authorities; empty = those
  Secret url;                     // of slack, webhook and heartbeat
  Secret signing;                 // of webhook
  std::string server;             // of email: "smtps://host:465" or "smtp://host:587"
  bool tls = true;
  std::string user;
  Secret password;
  std::string from;
  std::vector<std::string> to;
};

}  // namespace lifeboat::notify
