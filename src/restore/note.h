#pragma once
// The note in the directory of a restore of several sources that says it has not ended, so that it
// shows and can go on even where some sources are whole and others not begun. Not thread-safe.
#include <set>
#include <string>

#include "base/run_context.h"
#include "restore/plan.h"

namespace lifeboat::restore {

inline constexpr std::string_view kNoteName = ".lifeboat-restore-unfinished";

// Before the first source is touched. Without the right to write into the directory there is no
// note, and each source's own mark must do.
void write_note(const Plan& plan, const RunContext& context);
// All sources are durable.
Result<void> remove_note(const Plan& plan);
// What an unfinished restore of this user into `directory` was about to fill, and with what.
struct Note {
  std::set<std::string> places;
  std::string snapshot;  // its id; empty where the note names none
};
Note read_note(const std::string& directory);

}  // namespace lifeboat::restore
