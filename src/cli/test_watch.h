#pragma once
// For tests of what monitoring is told: the answer of a watched service with nothing wrong.
#include "base/clock.h"
#include "base/json_value.h"

namespace lifeboat::cli {

inline const Time kWatchNow(std::chrono::seconds(1'763'718'300));

inline Json watched_shop() {
  const auto time = [](int seconds) {
    return to_rfc3339(kWatchNow - std::chrono::seconds(seconds));
  };
  Json local{{"repository", "local"}, {"snapshots", 3}};
  local["newest"] = {{"time", time(7200)}, {"bytes", 5000}};
  local["last_proven"] = {{"time", time(200'000)}, {"proven_at", time(108'000)}};
  Json watch;
  watch["level"] = "ok";
  watch["answers"] = {
      {{"question", "backup"}, {"level", "ok"}, {"cause", "good"}, {"age_seconds", 7200}},
      {{"question", "copy"}, {"level", "ok"}, {"cause", "good"}, {"repository", "local"}},
      {{"question", "drill"}, {"level", "ok"}, {"cause", "good"}, {"age_seconds", 108'000}},
      {{"question", "verdict"},
       {"level", "ok"},
       {"cause", "good"},
       {"repository", "local"},
       {"drill", "nightly"}},
      {{"question", "key"},
       {"level", "ok"},
       {"cause", "good"},
       {"repository", "local"},
       {"key", "admin"}}};
  watch["backup_limit"] = {{"seconds", 86'400}, {"from", "objective"}};
  watch["drill_limit"] = {{"seconds", 3'024'000}, {"from", "default"}};
  watch["last_drill"] = {{"time", time(108'000)},
                         {"verdict", "proven"},
                         {"drill", "nightly"},
                         {"repository", "local"}};
  watch["drills"] = Json::array({watch["last_drill"]});
  Json shop{{"service", "shop"}, {"age_seconds", 7200}};
  shop["repositories"] = Json::array({std::move(local)});
  shop["watch"] = std::move(watch);
  return shop;
}

inline Json& answer_in(Json& shop, std::size_t number) { return shop["watch"]["answers"][number]; }

}  // namespace lifeboat::cli
