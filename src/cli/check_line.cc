#include "cli/check_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_value.h"
#include "cli/fields.h"
#include "cli/words.h"

namespace lifeboat::cli {
namespace {

constexpr int kUnknown = 3;
constexpr std::array<std::string_view, 4> kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct Problem {
  int level = kUnknown;
  bool follows = false;  // from another one that says why
  std::string text;
};

std::string duration_text(std::uint64_t seconds) {
  return describe_duration(std::chrono::seconds(seconds));
}

// "1 d 2 h, the default: set objectives.rpo"
std::string limit_text(const Json& watch, const char* key) {
  const auto limit = watch.value(key, Json::object());
  const auto time = duration_text(number_of(limit, "seconds"));
  if (text_of(limit, "from") == "schedule") return time + " (the schedule and some grace)";
  if (text_of(limit, "from") != "default") return time;
  return time + (std::string_view(key) == "backup_limit"
                     ? " (the default; objectives.rpo sets it)"
                     : " (the default; --drill-within sets it)");
}

std::string age_text(const Json& answer) { return duration_text(number_of(answer, "age_seconds")); }

std::string why_silent(const Json& service, const std::string& name) {
  for (const auto& repository : list_of(service, "repositories"))
    if (text_of(repository, "repository") == name && repository.contains("error"))
      return text_of(repository["error"], "message");
  return "it could not be asked";
}

std::string backup_text(const Json& service, const Json& answer) {
  const auto cause = text_of(answer, "cause");
  const Json& watch = service["watch"];
  if (cause == "backup-missing") return "there is no backup";
  if (cause == "backup-old")
    return fmt::format("the newest backup is {} old, more than {}", age_text(answer),
                       limit_text(watch, "backup_limit"));
  if (cause == "clock-behind") return "the newest backup is from the future: check the clocks";
  return "whether there is a recent backup is not known";
}

std::string copy_text(const Json& service, const Json& answer) {
  const auto cause = text_of(answer, "cause");
  const auto repository = text_of(answer, "repository");
  if (cause == "copy-silent")
    return fmt::format("no answer from {}: {}", repository, why_silent(service, repository));
  if (cause == "copy-empty") return "there is no backup in " + repository;
  if (cause == "copy-behind")
    return fmt::format("the newest backup in {} is older than {}", repository,
                       limit_text(service["watch"], "backup_limit"));
  if (cause == "copy-damaged")
    return fmt::format("something is missing or damaged in {}: `lifeboat verify {}`", repository,
                       repository);
  return fmt::format("the newest snapshot in {} is incomplete", repository);
}

std::string drill_text(const Json& service, const Json& answer) {
  const auto cause = text_of(answer, "cause");
  const auto name = text_of(answer, "drill");
  const auto run = " `lifeboat drill run " + text_of(service, "service") +
                   (name.empty() ? "`" : " --drill " + name + "`");
  if (cause == "drill-missing")
    return (name.empty() ? "no drill ever:" : "drill " + name + " never ran:") + run;
  if (cause == "drill-old" && !name.empty())
    return fmt::format("drill {} should have run, for {} it has not:{}", name, age_text(answer),
                       run);
  if (cause == "drill-old")
    return fmt::format("the last drill was {} ago, more than {}:{}", age_text(answer),
                       limit_text(service["watch"], "drill_limit"), run);
  if (cause == "clock-behind") return "the last drill is from the future: check the clocks";
  return "whether there was a recent drill is not known";
}

// "the last drill nightly of offsite failed"
std::string verdict_text(const Json& service, const Json& answer) {
  const auto name = text_of(answer, "drill");
  const auto repository = text_of(answer, "repository");
  const auto of =
      (name.empty() ? "" : " " + name) + (repository.empty() ? "" : " of " + repository);
  const bool failed = text_of(answer, "cause") == "drill-failed";
  return fmt::format("the last drill{} {}: `lifeboat drill list {}`", of,
                     failed ? "failed" : "could not decide", text_of(service, "service"));
}

std::string key_text(const Json& answer) {
  const auto repository = text_of(answer, "repository");
  if (text_of(answer, "cause") == "key-damaged")
    return "a key of " + repository + " is damaged: `lifeboat key list`";
  return fmt::format("key {} of {} never opened a drill or a restore", text_of(answer, "key"),
                     repository);
}

std::string notice_text(const Json& service) {
  std::uint64_t count = 0;
  std::string names;
  for (const auto& each : list_of(service, "notices_waiting")) {
    count += number_of(each, "count");
    names += (names.empty() ? "" : ", ") + text_of(each, "notifier");
  }
  return counted(count, "notice waits", "notices wait") + " for " + names + ": `lifeboat status`";
}

std::string problem_text(const Json& service, const Json& answer) {
  const auto question = text_of(answer, "question");
  if (question == "backup") return backup_text(service, answer);
  if (question == "copy") return copy_text(service, answer);
  if (question == "key") return key_text(answer);
  if (question == "notice") return notice_text(service);
  if (question == "verdict") return verdict_text(service, answer);
  return drill_text(service, answer);
}

std::vector<Problem> problems_of(const std::vector<Json>& services) {
  std::vector<Problem> problems;
  for (const auto& service : services)
    for (const auto& answer : list_of(service["watch"], "answers")) {
      const auto level = level_number(text_of(answer, "level"));
      if (level != 0)
        problems.push_back({level, text_of(answer, "cause") == "not-known",
                            text_of(service, "service") + ": " + problem_text(service, answer)});
    }
  std::stable_sort(problems.begin(), problems.end(), [](const auto& one, const auto& other) {
    const auto first = severity(one.level);
    const auto second = severity(other.level);
    return first != second ? first > second : !one.follows && other.follows;
  });
  return problems;
}

std::string good_text(const Json& service, Time now) {
  const Json& watch = service["watch"];
  auto text = text_of(service, "service") + ": backup " +
              duration_text(number_of(service, "age_seconds")) + " ago";
  if (watch.contains("last_drill"))
    text += ", drill " + text_of(watch["last_drill"], "verdict") + " " +
            age_of(watch["last_drill"], "time", now);
  return text;
}

// "U" where there is nothing to measure.
std::string age_value(const Json& service, const char* question) {
  for (const auto& answer : list_of(service["watch"], "answers"))
    if (text_of(answer, "question") == question && answer.contains("age_seconds"))
      return std::to_string(number_of(answer, "age_seconds")) + "s";
  return "U";
}

std::string performance_of(const Json& service) {
  const auto name = text_of(service, "service");
  const auto limit = [&](const char* key) {
    return number_of(service["watch"].value(key, Json::object()), "seconds");
  };
  auto text = fmt::format(" {}_backup_age={};;{};0 {}_drill_age={};{};;0", name,
                          age_value(service, "backup"), limit("backup_limit"), name,
                          age_value(service, "drill"), limit("drill_limit"));
  for (const auto& repository : list_of(service, "repositories")) {
    if (repository.contains("error")) continue;
    text += fmt::format(" {}_{}_snapshots={};;;0", name, text_of(repository, "repository"),
                        number_of(repository, "snapshots"));
  }
  return text;
}

// Performance data begin at the first bar, and a line ends the first line.
std::string plain(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string summary(const std::vector<Json>& services, const std::vector<Problem>& problems,
                    Time now) {
  if (problems.size() > 1)
    return fmt::format("{} (and {} more)", problems[0].text, problems.size() - 1);
  if (!problems.empty()) return problems[0].text;
  std::string text;
  for (const auto& service : services) text += (text.empty() ? "" : "; ") + good_text(service, now);
  return text;
}

}  // namespace

int level_number(const std::string& level) {
  static constexpr std::array<std::string_view, 3> kKnown{"ok", "warning", "critical"};
  const auto* found = std::find(kKnown.begin(), kKnown.end(), level);
  return found == kKnown.end() ? kUnknown : static_cast<int>(found - kKnown.begin());
}

int severity(int level) { return level == 2 ? 4 : level; }

CheckLine check_line(const std::vector<Json>& services, Time now) {
  if (services.empty())
    return check_line(Error(Code::config_invalid, "the configuration has no services"));
  const auto problems = problems_of(services);
  CheckLine line;
  line.status = problems.empty() ? 0 : problems[0].level;
  line.text = fmt::format("LIFEBOAT {} - {} |", kWords[static_cast<std::size_t>(line.status)],
                          plain(summary(services, problems, now)));
  for (const auto& service : services) line.text += performance_of(service);
  if (problems.size() < 2) return line;
  for (const auto& problem : problems)
    line.text += fmt::format("\n{}: {}", kWords[static_cast<std::size_t>(problem.level)],
                             plain(problem.text));
  return line;
}

CheckLine check_line(const Error& error) {
  return {kUnknown, "LIFEBOAT UNKNOWN - " + plain(printable(error.describe()))};
}

}  // namespace lifeboat::cli
