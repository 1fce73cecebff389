#include "restore/note.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/durable.h"
#include "base/json_value.h"

namespace lifeboat::restore {
namespace {

constexpr std::size_t kMaxNote = 1U << 20U;
constexpr std::string_view kAbout =
    "A restore by Lifeboat into this folder has begun and has not ended: sources may be missing or "
    "half written. Run the same `lifeboat restore` again to complete it, with --snapshot and the "
    "id "
    "below. This file goes away when a restore has ended well.";

fs::path note_of(const std::string& directory) { return fs::path(directory) / kNoteName; }

bool lies_in(const PlanItem& item, const std::string& directory) {
  return fs::path(item.place).parent_path() == fs::path(directory);
}

// What another user left here says nothing about what may be overwritten.
bool is_own_file(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_uid == ::geteuid();
}

}  // namespace

void write_note(const Plan& plan, const RunContext& context) {
  if (plan.directory.empty()) return;
  Json names = Json::array();
  for (const auto& item : plan.items)
    if (lies_in(item, plan.directory)) names.push_back(fs::path(item.place).filename().string());
  const Json note{{"about", kAbout}, {"names", names}, {"snapshot", plan.snapshot.id.hex()}};
  auto written = make_durable_directories(plan.directory);
  if (written) written = write_file(note_of(plan.directory), view_of(pretty_json(note)));
  if (!written)
    context.log.warning("an interruption would not show: " + written.error().describe());
}

Result<void> remove_note(const Plan& plan) {
  if (plan.directory.empty()) return {};
  const auto path = note_of(plan.directory);
  if (::unlink(path.c_str()) == 0) return sync_directory(plan.directory);
  if (errno == ENOENT) return {};
  return fail_errno(errno, "cannot remove " + path.string());
}

Note read_note(const std::string& directory) {
  Note read;
  if (directory.empty() || !is_own_file(note_of(directory))) return read;
  const auto text = read_file(note_of(directory), kMaxNote);
  const auto note = text ? parse_json(to_text(*text)) : fail(text.error());
  if (!note || !note->is_object() || !note->contains("names")) return read;
  for (const auto& name : (*note)["names"])
    if (name.is_string())
      read.places.insert((fs::path(directory) / name.get<std::string>()).string());
  read.snapshot = text_at(*note, "snapshot").value_or("");
  return read;
}

}  // namespace lifeboat::restore
