#include "restore/half_filled.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/durable.h"
#include "base/json_value.h"
#include "engine/all.h"

namespace lifeboat::restore {
namespace {

constexpr const char* kHalfFilled = "half-filled";
constexpr const char* kEnding = ".json";
constexpr std::size_t kMostOfNote = 1U << 20U;

// By its file; what is no note of ours says nothing.
std::map<fs::path, Json> notes_below(const fs::path& state) {
  std::map<fs::path, Json> notes;
  if (state.empty()) return notes;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(state / kHalfFilled, error)) {
    const auto text = file.path().extension() == kEnding ? read_file(file.path(), kMostOfNote)
                                                         : fail(Code::not_found, "no note");
    auto note = text ? parse_json(to_text(*text)) : fail(text.error());
    if (note && note->is_object()) notes[file.path()] = std::move(*note);
  }
  return notes;
}

bool is_note_of(const Json& note, const std::vector<std::string>& names) {
  const auto listed = note.find("names");
  return listed != note.end() && listed->is_array() &&
         std::ranges::any_of(names, [&](const auto& each) {
           return std::ranges::find(*listed, Json(each)) != listed->end();
         });
}

fs::path free_name(const fs::path& folder, const std::string& snapshot) {
  std::error_code error;
  for (int number = 1;; ++number) {
    auto path = folder / (snapshot.substr(0, 10) + "-" + std::to_string(number) + kEnding);
    if (!fs::exists(path, error)) return path;
  }
}

std::string sentence_of(const Json& note) {
  return "a restore of snapshot " + text_at(note, "snapshot").value_or("").substr(0, 10) +
         " began to fill it at " + text_at(note, "began").value_or("") + " and has not ended";
}

}  // namespace

bool is_on_server(const std::string& type) {
  const auto engine = engine::find_engine(type);
  return engine && (*engine)->traits().is_server;
}

Result<fs::path> begin_filling(const Plan& plan, const PlanItem& item, const RunContext& context) {
  if (plan.state.empty() || !is_on_server(item.type)) return fs::path();
  const auto there = TRY(TRY(engine::find_engine(item.type))->look_at(item.place));
  for (const auto& [file, earlier] : notes_below(plan.state))
    if (is_note_of(earlier, there.identity.names)) TRY(end_filling(file));
  const Json note{{"about",
                   "A restore by Lifeboat into this database has begun and has not ended. This "
                   "file goes away when one has ended well."},
                  {"place", item.place},
                  {"names", there.identity.names},
                  {"snapshot", plan.snapshot.id.hex()},
                  {"began", to_rfc3339(context.clock.now())}};
  const auto path = free_name(fs::path(plan.state) / kHalfFilled, plan.snapshot.id.hex());
  TRY(make_durable_directories(path.parent_path()));
  TRY(write_file(path, view_of(pretty_json(note))));
  TRY(sync_directory(path.parent_path()));
  return path;
}

Result<void> end_filling(const fs::path& note) {
  if (note.empty() || ::unlink(note.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(errno, "cannot remove " + note.string());
}

Result<void> check_half_filled(const Plan& plan, const PlanItem& item,
                               const engine::Identity& there, const RunContext& context) {
  if (!is_on_server(item.type)) return {};
  for (const auto& [file, note] : notes_below(plan.state)) {
    if (!is_note_of(note, there.names)) continue;
    const auto said = item.place + " is half filled: " + sentence_of(note);
    if (!plan.overwrite)
      return fail(Error(Code::refused, said).with_hint(std::string(kAfterHalfFilled)));
    context.log.warning(said);
  }
  return {};
}

std::vector<std::string> half_filled_places(const Plan& plan) {
  std::vector<std::string> places;
  for (const auto& [file, note] : notes_below(plan.state))
    for (const auto& item : plan.items)
      if (is_on_server(item.type) && text_at(note, "place").value_or("") == item.place)
        places.push_back(item.place + " is half filled: " + sentence_of(note));
  return places;
}

std::string hint_after_interruption(const Plan& plan) {
  const bool has_folders = !std::ranges::all_of(plan.items, is_on_server, &PlanItem::type);
  std::string hint;
  if (has_folders)
    hint =
        "The target is not complete, and marked so where it is a folder: run the same command "
        "again, with --snapshot " +
        plan.snapshot.id.hex().substr(0, 10) + ", to go on.";
  for (const auto& each : half_filled_places(plan)) hint += (hint.empty() ? "" : " ") + each + ".";
  if (!half_filled_places(plan).empty()) hint += " " + std::string(kAfterHalfFilled);
  return hint.empty() ? "Nothing was written: run the command again." : hint;
}

}  // namespace lifeboat::restore
