#pragma once
// One notice as values, and as people and programs read it. It never holds a secret or what stands
// in a row. Pure and thread-safe.
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "notify/options.h"

namespace lifeboat::notify {

struct Notice {
  std::string id;             // random: a receiver that gets it twice can tell
  std::vector<Event> events;  // at least one
  std::string service;
  std::string subject;  // "drill nightly", "backup", "restore"
  std::string
      verdict;         // "proven", "failed", "unverified", "complete", "overdue", "begun", "done" …
  std::string reason;  // one sentence
  std::string since;   // RFC 3339: since when it is not good; empty when it is, or nobody knows
  std::string next;    // the next command to run; empty when nothing is to be done
  std::string host;
  std::string owner;
  Time time;
  unsigned lost = 0;  // earlier notices that this receiver will never get

  bool is(Event event) const;
};

// Whether the subject is good now; of a restore, an overdue one and a test it says nothing.
bool is_good(const Notice& notice);

std::string_view name_of(Event event);
Result<Event> parse_event(std::string_view text);

// One line: "shop: drill nightly failed".
std::string headline(const Notice& notice);
// The headline, then a line for each thing that is known.
std::string text_of(const Notice& notice);
// Format 1 (docs/notices.md).
Json to_json(const Notice& notice);
// `corrupt` when it is not what to_json makes.
Result<Notice> notice_of(const Json& json);

// On one line, without control characters, at most `longest` bytes.
std::string one_line(std::string_view text, std::size_t longest);

}  // namespace lifeboat::notify
