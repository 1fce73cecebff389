#include "policy/watch.h"

#include <algorithm>
#include <array>

namespace lifeboat::policy {
namespace {

// Clocks of two machines differ a little: that much ahead is still now.
constexpr Duration kClockSlack = std::chrono::minutes(5);

using Answers = std::vector<WatchAnswer>;

bool any_silent(const WatchRecord& record) {
  return std::ranges::any_of(record.copies, [](const auto& copy) { return !copy.answers; });
}

struct AgeRule {
  Question question;
  Duration limit;
  Level level;  // of what is too old, or missing
  Cause missing;
  Cause old;
};

// A silent copy may hold a newer one, so what is old or missing here is then not known.
WatchAnswer judge_age(const std::optional<Time>& newest, const AgeRule& rule, bool silent,
                      Time now) {
  WatchAnswer answer;
  answer.question = rule.question;
  if (newest && *newest > now + kClockSlack) {
    answer.level = Level::unknown;
    answer.cause = Cause::clock_behind;
    return answer;
  }
  if (newest) answer.age = std::max(now - *newest, Duration(0));
  if (answer.age && *answer.age <= rule.limit) return answer;
  answer.level = silent ? Level::unknown : rule.level;
  answer.cause = silent ? Cause::not_known : newest ? rule.old : rule.missing;
  return answer;
}

bool is_incomplete(const CopyRecord& copy) {
  return copy.newest_incomplete && copy.newest && *copy.newest < *copy.newest_incomplete;
}

// `oldest` is when a backup may have been taken at the earliest. Of an only copy, the question for
// the backup has said already that it is empty or old.
WatchAnswer judge_copy(const CopyRecord& copy, bool alone, Time oldest) {
  const auto say = [&](Level level, Cause cause) {
    return WatchAnswer{Question::copy, level, cause, copy.repository, {}, {}, {}};
  };
  if (!copy.answers) return say(Level::unknown, Cause::copy_silent);
  if (copy.damage != 0) return say(Level::critical, Cause::copy_damaged);
  if (!alone && !copy.newest) return say(Level::warning, Cause::copy_empty);
  if (!alone && *copy.newest < oldest) return say(Level::warning, Cause::copy_behind);
  if (is_incomplete(copy)) return say(Level::warning, Cause::backup_incomplete);
  return say(Level::ok, Cause::good);
}

WatchAnswer judge_verdict(const DrillRecord& drill) {
  WatchAnswer answer;
  answer.question = Question::verdict;
  answer.repository = drill.repository;
  answer.drill = drill.drill;
  // Who waived a check knows of it until the waiver ends.
  if (is_proven(drill.verdict)) return answer;
  const bool failed = drill.verdict == "failed";
  answer.level = failed ? Level::critical : Level::unknown;
  answer.cause = failed ? Cause::drill_failed : Cause::drill_undecided;
  return answer;
}

WatchAnswer judge_key(const CopyRecord& copy, const KeyRecord& key) {
  WatchAnswer answer{Question::key, Level::ok, Cause::good, copy.repository, key.name, {}, {}};
  if (key.damaged) {
    answer.level = Level::warning;
    answer.cause = Cause::key_damaged;
  } else if (!key.proven) {
    answer.level = Level::warning;
    answer.cause = Cause::key_unproven;
  }
  return answer;
}

void judge_keys(const CopyRecord& copy, Answers& answers) {
  if (!copy.answers) return;
  for (const auto& key : copy.keys)
    if (key.reads || key.damaged) answers.push_back(judge_key(copy, key));
}

}  // namespace

std::string_view to_text(Level level) {
  static constexpr std::array<std::string_view, 4> kWords{"ok", "warning", "critical", "unknown"};
  return kWords[static_cast<std::size_t>(level)];
}

std::string_view to_text(Question question) {
  static constexpr std::array<std::string_view, 5> kWords{"backup", "copy", "drill", "verdict",
                                                          "key"};
  return kWords[static_cast<std::size_t>(question)];
}

std::string_view to_text(Cause cause) {
  static constexpr std::array<std::string_view, 16> kWords{
      "good",          "backup-missing", "backup-old",   "backup-incomplete",
      "copy-silent",   "copy-empty",     "copy-behind",  "copy-damaged",
      "drill-missing", "drill-old",      "drill-failed", "drill-undecided",
      "key-unproven",  "key-damaged",    "clock-behind", "not-known"};
  static_assert(kWords.size() == static_cast<std::size_t>(Cause::not_known) + 1);
  return kWords[static_cast<std::size_t>(cause)];
}

Level worse(Level one, Level other) {
  const auto rank = [](Level level) {
    return level == Level::critical ? 4 : level == Level::unknown ? 3 : static_cast<int>(level);
  };
  return rank(one) < rank(other) ? other : one;
}

bool is_proven(std::string_view verdict) {
  return verdict == "proven" || verdict == "proven with waivers";
}

void follow(std::optional<DrillRecord>& last, DrillRecord next) {
  const bool bad = last && !is_proven(last->verdict);
  if (bad && last->state && next.state && *next.state < *last->state) {
    if (is_proven(next.verdict)) return;
    next.state = last->state;
  }
  last = std::move(next);
}

std::optional<Time> newest_backup(const WatchRecord& record) {
  std::optional<Time> newest;
  for (const auto& copy : record.copies)
    if (copy.newest && (!newest || *newest < *copy.newest)) newest = copy.newest;
  return newest;
}

std::optional<DrillRecord> last_drill(const WatchRecord& record) {
  std::optional<DrillRecord> last;
  for (auto& each : last_drills(record))
    if (!last || last->time < each.time) last = std::move(each);
  return last;
}

std::vector<DrillRecord> last_drills(const WatchRecord& record) {
  std::vector<DrillRecord> all;
  for (const auto& copy : record.copies)
    for (const auto& [name, drill] : copy.drills) all.push_back(drill);
  all.insert(all.end(), record.drills_here.begin(), record.drills_here.end());
  return all;
}

std::vector<WatchAnswer> judge_watch(const WatchRecord& record, const WatchLimits& limits,
                                     Time now) {
  const bool silent = any_silent(record);
  const AgeRule backup{Question::backup, limits.backup, Level::critical, Cause::backup_missing,
                       Cause::backup_old};
  const AgeRule drill{Question::drill, limits.drill, Level::warning, Cause::drill_missing,
                      Cause::drill_old};
  Answers answers;
  if (record.takes) answers.push_back(judge_age(newest_backup(record), backup, silent, now));
  const bool alone = record.copies.size() == 1 || !record.takes;
  for (const auto& copy : record.copies)
    answers.push_back(judge_copy(copy, alone, now - limits.backup));
  const auto last = last_drill(record);
  if (record.planned.empty())
    answers.push_back(
        judge_age(last ? std::optional(last->time) : std::nullopt, drill, silent, now));
  for (const auto& planned : record.planned) {
    auto rule = drill;
    rule.limit = planned.limit;
    answers.push_back(judge_age(planned.last, rule, silent, now));
    answers.back().drill = planned.name;
  }
  for (const auto& each : last_drills(record)) answers.push_back(judge_verdict(each));
  for (const auto& copy : record.copies) judge_keys(copy, answers);
  return answers;
}

}  // namespace lifeboat::policy
