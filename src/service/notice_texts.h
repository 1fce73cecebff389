#pragma once
// What people are told of a drill, a backup or a restore: notices made of what is known of it, with
// no secret and nothing of a row. Pure.
#include <functional>
#include <optional>

#include "base/error.h"
#include "base/json_value.h"
#include "notify/notice.h"

namespace lifeboat::service {

// How it stood before: good, or not good since then.
struct Standing {
  bool good = true;
  Time since;
};

// What a notice is written from, besides what happened.
struct Occasion {
  std::string service;
  std::string subject;             // "drill nightly", "backup"
  std::optional<Standing> before;  // nothing when it happens for the first time
  Time now;
  std::function<std::string(std::string)> without_secrets = {};  // before anything is cut
};

// Of the evidence (docs/evidence.md). Only the cause of the diagnosis is told: what was found may
// be of a row.
notify::Notice drill_notice(const Occasion& occasion, const Json& evidence);
// A drill that left no evidence.
notify::Notice drill_notice(const Occasion& occasion, const Error& error);
// Of the answer of back_up().
notify::Notice backup_notice(const Occasion& occasion, const Json& answer);
notify::Notice backup_notice(const Occasion& occasion, const Error& error);
// Of the plan that restore() answers; `error` when it ended with one, `over` when it is over.
struct RestoreEnd {
  bool over = false;
  std::optional<Error> error;
  Duration elapsed{0};
};
notify::Notice restore_notice(const Occasion& occasion, const Json& plan, const RestoreEnd& end);
// `age` is that of the newest; nothing when there is none.
notify::Notice overdue_notice(const Occasion& occasion, const std::optional<Duration>& age);
notify::Notice test_notice(const Occasion& occasion);

}  // namespace lifeboat::service
