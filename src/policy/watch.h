#pragma once
// What monitoring is told of a service: every question is judged by itself, from what is known of
// its copies and its drills. Pure rules over values; thread-safe.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lifeboat::policy {

enum class Level : std::uint8_t { ok, warning, critical, unknown };
std::string_view to_text(Level level);  // "ok" …
// `critical` before `unknown` before `warning`: what is broken is said even when more is not known.
Level worse(Level one, Level other);

// Exactly this old is still good. The defaults are for a daily backup and a monthly drill.
struct WatchLimits {
  Duration backup = std::chrono::hours(26);
  Duration drill = std::chrono::hours(24 * 35);
};

struct DrillRecord {
  Time time;
  std::string verdict;     // "proven", "proven with waivers", "failed"; others did not decide
  std::string drill = {};  // its name; of a record that cannot be read nothing more is known
  std::string repository = {};
  std::optional<Time> state = {};  // when the snapshot was taken, where one was drilled
};

// Nothing but these two words is good; a word that nobody knows is not.
bool is_proven(std::string_view verdict);

// The last of several in the order of their times, of one drill and one repository. What was proven
// of an older snapshot takes nothing back that was found wrong with a newer one.
void follow(std::optional<DrillRecord>& last, DrillRecord next);

// What could open the repository after a disaster.
struct KeyRecord {
  std::string name;
  bool reads = true;  // its role may restore: only such a key can be proven
  bool damaged = false;
  bool proven = false;  // it opened a proven drill or a restore
};

// A drill with times of its own: how long ago it may be follows from them.
struct PlannedDrill {
  std::string name;
  std::optional<Time> last;
  Duration limit{0};
};

struct CopyRecord {
  std::string repository;
  bool answers = true;  // when it does not, nothing below is known
  std::optional<Time> newest;
  std::optional<Time> newest_incomplete;
  std::size_t damage = 0;  // things missing or unreadable in it, as far as a listing tells
  std::map<std::string, DrillRecord> drills;  // the last of each, by its name
  std::vector<KeyRecord> keys;
};

struct WatchRecord {
  std::vector<CopyRecord> copies;
  std::vector<DrillRecord> drills_here = {};  // that this machine knows of and no copy that answers
  std::vector<PlannedDrill> planned =
      {};             // when there are any, each is asked for instead of any drill
  bool takes = true;  // false: other tools make the backups, and only drills are asked for
};

enum class Question : std::uint8_t {
  backup,   // is there a backup, and is it recent?
  copy,     // does each repository answer, and has it what the others have?
  drill,    // was there a drill, and is it recent?
  verdict,  // what did the last of each drill say, of each repository?
  key,      // did each key that can restore ever do so?
};
std::string_view to_text(Question question);  // "backup" …

enum class Cause : std::uint8_t {
  good,
  backup_missing,
  backup_old,
  backup_incomplete,  // the newest is, and a complete one is older
  copy_silent,
  copy_empty,
  copy_behind,
  copy_damaged,
  drill_missing,
  drill_old,
  drill_failed,
  drill_undecided,
  key_unproven,
  key_damaged,
  clock_behind,  // the newest is from the future: no age can be told
  not_known,     // a copy that does not answer may know better
};
std::string_view to_text(Cause cause);  // "backup-missing" …

struct WatchAnswer {
  Question question = Question::backup;
  Level level = Level::ok;
  Cause cause = Cause::good;
  std::string repository;       // that it is about; empty for the service as a whole
  std::string key;              // that it is about
  std::string drill;            // that it is about; empty for any
  std::optional<Duration> age;  // of the newest backup or drill, where the question asks for one
};

// An answer for `backup`, for each copy and for `drill` or each planned one, one for each
// `verdict`, and one for each key that can restore. What could not be determined is `unknown`,
// never `ok`.
std::vector<WatchAnswer> judge_watch(const WatchRecord& record, const WatchLimits& limits,
                                     Time now);

// The newest of all that is known; nothing when there is none.
std::optional<Time> newest_backup(const WatchRecord& record);
std::optional<DrillRecord> last_drill(const WatchRecord& record);
// Of each drill and repository.
std::vector<DrillRecord> last_drills(const WatchRecord& record);

}  // namespace lifeboat::policy
