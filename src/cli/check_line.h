#pragma once
// What a monitoring system that runs plugins (Nagios, Icinga, Checkmk) reads of `status --check`:
// one line with performance data, the problems below it, and an exit status. Pure.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace lifeboat::cli {

struct CheckLine {
  int status = 3;  // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
  std::string text;
};

// Of the answers of watched services.
CheckLine check_line(const std::vector<Json>& services, Time now);
// What kept the question from being asked is UNKNOWN.
CheckLine check_line(const Error& error);

// 0 "ok" … 3 "unknown"; any other word is unknown too.
int level_number(const std::string& level);
// For the worst of several, as in the plugins' own library: what is broken is said even when more
// is not known.
int severity(int level);

}  // namespace lifeboat::cli
