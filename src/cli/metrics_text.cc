#include "cli/metrics_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json_value.h"
#include "cli/check_line.h"
#include "cli/fields.h"

namespace lifeboat::cli {
namespace {

std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter == '\n' ? std::string("\\n") : std::string(1, letter);
  }
  return escaped;
}

std::string label(std::string_view name, std::string_view value) {
  return fmt::format("{}=\"{}\"", name, label_value(value));
}

// All values of one metric; no two have the same labels, for a reader refuses the whole file then.
class Metric {
 public:
  Metric(std::string_view name, std::string_view help) : name_(name), help_(help) {}
  void set(const std::string& labels, std::int64_t value) { values_[labels] = value; }
  void raise(const std::string& labels, std::int64_t value) {
    auto& kept = values_.emplace(labels, value).first->second;
    kept = std::max(kept, value);
  }
  void lower(const std::string& labels, std::int64_t value) {
    auto& kept = values_.emplace(labels, value).first->second;
    kept = std::min(kept, value);
  }
  std::string text() const {
    if (values_.empty()) return {};
    auto text = fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name_, help_);
    for (const auto& [labels, value] : values_)
      text += labels.empty() ? fmt::format("{} {}\n", name_, value)
                             : fmt::format("{}{{{}}} {}\n", name_, labels, value);
    return text;
  }

 private:
  std::string_view name_;
  std::string_view help_;
  std::map<std::string, std::int64_t> values_;
};

std::int64_t seconds_since_1970(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

class Metrics {
 public:
  void take(const Json& service) {
    service_ = label("service", text_of(service, "service"));
    for (const auto& repository : list_of(service, "repositories")) take_repository(repository);
    take_watch(service["watch"]);
  }

  std::string text(Time now) {
    written_.set("", seconds_since_1970(now));
    std::string text;
    for (const auto* metric : {&written_, &level_, &up_, &snapshots_, &newest_, &bytes_, &proven_,
                               &drill_, &verdict_, &key_, &backup_limit_, &drill_limit_})
      text += metric->text();
    return text;
  }

 private:
  void take_repository(const Json& repository) {
    const auto labels = service_ + "," + label("repository", text_of(repository, "repository"));
    const bool answers = !repository.contains("error");
    up_.set(labels, answers ? 1 : 0);
    if (!answers) return;
    snapshots_.set(labels, static_cast<std::int64_t>(number_of(repository, "snapshots")));
    if (const auto newest = repository.find("newest"); newest != repository.end()) {
      set_time(newest_, labels, *newest, "time");
      bytes_.set(labels, static_cast<std::int64_t>(number_of(*newest, "bytes")));
    }
    if (const auto proven = repository.find("last_proven"); proven != repository.end())
      set_time(proven_, labels, *proven, "proven_at");
  }

  void take_watch(const Json& watch) {
    for (const auto& answer : list_of(watch, "answers")) take_answer(answer);
    const auto limit = [&](const char* key) {
      return static_cast<std::int64_t>(number_of(watch.value(key, Json::object()), "seconds"));
    };
    backup_limit_.set(service_, limit("backup_limit"));
    drill_limit_.set(service_, limit("drill_limit"));
    for (const auto& drill : list_of(watch, "drills")) take_drill(drill);
  }

  void take_answer(const Json& answer) {
    const auto question = text_of(answer, "question");
    auto labels = service_;
    if (const auto repository = text_of(answer, "repository"); !repository.empty())
      labels += "," + label("repository", repository);
    const auto level = level_number(text_of(answer, "level"));
    level_.raise(labels + "," + label("check", question), level);
    if (question == "key")
      key_.lower(labels + "," + label("key", text_of(answer, "key")), level == 0 ? 1 : 0);
  }

  void take_drill(const Json& drill) {
    auto labels = service_;
    for (const auto* key : {"repository", "drill"})
      if (const auto name = text_of(drill, key); !name.empty()) labels += "," + label(key, name);
    set_time(drill_, labels, drill, "time");
    const auto verdict = text_of(drill, "verdict");
    const bool decided =
        verdict == "proven" || verdict == "proven with waivers" || verdict == "failed";
    for (const auto* each : {"proven", "proven with waivers", "failed", "unverified"})
      verdict_.set(labels + "," + label("verdict", each),
                   (decided ? verdict : "unverified") == each ? 1 : 0);
  }

  static void set_time(Metric& metric, const std::string& labels, const Json& object,
                       const char* key) {
    if (const auto time = parse_rfc3339(text_of(object, key)))
      metric.set(labels, seconds_since_1970(*time));
  }

  std::string service_;  // the label of the service that is being taken
  Metric written_{"lifeboat_status_time_seconds",
                  "When this was written, in seconds since 1970: old when nothing asks any more."};
  Metric level_{"lifeboat_check_level",
                "0 ok, 1 warning, 2 critical, 3 could not be determined; one for each question."};
  Metric up_{"lifeboat_repository_up", "1 when the repository answered, else 0."};
  Metric snapshots_{"lifeboat_snapshots", "Snapshots of the service in the repository."};
  Metric newest_{"lifeboat_newest_backup_time_seconds",
                 "When the newest complete snapshot was taken, in seconds since 1970."};
  Metric bytes_{"lifeboat_newest_backup_bytes", "What the newest complete snapshot would restore."};
  Metric proven_{"lifeboat_last_proven_time_seconds",
                 "When a drill last proved the newest proven snapshot, in seconds since 1970."};
  Metric drill_{"lifeboat_last_drill_time_seconds",
                "When the drill was last run, whatever it said, in seconds since 1970."};
  Metric verdict_{"lifeboat_last_drill_verdict", "1 for what the drill last said, else 0."};
  Metric key_{"lifeboat_key_proven",
              "1 when the key has opened a proven drill or a restore, else 0."};
  Metric backup_limit_{"lifeboat_backup_limit_seconds", "How old the newest backup may be."};
  Metric drill_limit_{"lifeboat_drill_limit_seconds", "How long ago the last drill may be."};
};

}  // namespace

std::string metrics_text(const std::vector<Json>& services, Time now) {
  Metrics metrics;
  for (const auto& service : services) metrics.take(service);
  return metrics.text(now);
}

}  // namespace lifeboat::cli
