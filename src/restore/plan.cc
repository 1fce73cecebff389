#include "restore/plan.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "base/file.h"
#include "engine/all.h"
#include "engine/files/exclude.h"
#include "engine/files/target_root.h"
#include "restore/copies.h"
#include "restore/given_names.h"
#include "restore/half_filled.h"
#include "restore/mounts.h"
#include "restore/note.h"

namespace lifeboat::restore {
namespace {

using repository::SnapshotInfo;
using Snapshots = std::vector<SnapshotInfo>;

std::string short_id(const SnapshotInfo& snapshot) { return snapshot.id.hex().substr(0, 10); }

Snapshots of_service(const Snapshots& all, const std::string& service) {
  Snapshots chosen;
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
               [&](const auto& each) { return each.service == service; });
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return chosen;
}

template <class Iterator, class Predicate>
Result<SnapshotInfo> first_where(Iterator begin, Iterator end, Predicate accept, Error none) {
  const auto found = std::find_if(begin, end, accept);
  if (found == end) return fail(std::move(none));
  return *found;
}

Result<SnapshotInfo> by_id(const Snapshots& snapshots, const std::string& prefix) {
  Snapshots found;
  for (const auto& each : snapshots)
    if (each.id.hex().starts_with(prefix)) found.push_back(each);
  if (prefix.size() < 4 || found.empty())
    return fail(Code::not_found, "there is no snapshot " + prefix);
  if (found.size() > 1)
    return fail(Code::usage, "more than one snapshot begins with " + prefix + ": write more of it");
  return found[0];
}

// `snapshots` is not empty.
Error no_complete_one(const Snapshots& snapshots) {
  const auto& newest = snapshots.back();
  return Error(Code::incomplete, "no snapshot of the service is complete")
      .with_hint("The newest is " + short_id(newest) + " of " + to_rfc3339(newest.time) +
                 ": `lifeboat snapshots show " + short_id(newest) +
                 "` says what could not be read, --snapshot " + short_id(newest) +
                 " takes what it has. Mend that, then run `lifeboat backup`.");
}

bool is_word(const std::string& word) {
  return word.empty() || word == "latest" || word == "first" || word == "latest-proven";
}

Result<SnapshotInfo> by_word(const Snapshots& snapshots, const std::string& word) {
  const auto complete = [](const SnapshotInfo& each) { return each.complete; };
  const auto proven = [](const SnapshotInfo& each) { return each.proven_at.has_value(); };
  const auto none = no_complete_one(snapshots);
  if (word == "first") return first_where(snapshots.begin(), snapshots.end(), complete, none);
  if (word == "latest-proven")
    return first_where(snapshots.rbegin(), snapshots.rend(), proven,
                       Error(Code::not_found, "no snapshot has been proven by a drill yet")
                           .with_hint("Run `lifeboat drill run`, or name a snapshot by its id."));
  return first_where(snapshots.rbegin(), snapshots.rend(), complete, none);
}

Failure without_base(const SnapshotInfo& snapshot, const std::string& base) {
  return fail(Error(Code::not_restorable, "snapshot " + short_id(snapshot) +
                                              " cannot be restored without " + base.substr(0, 10) +
                                              ", which is gone")
                  .with_hint("Take one that needs nothing of it: `lifeboat snapshots` lists them. "
                             "Then run `lifeboat backup`."));
}

std::string describe_moment(const SnapshotInfo& snapshot) {
  return to_rfc3339(snapshot.time) + " (--snapshot " + short_id(snapshot) + ")";
}

// Lists print whole seconds: such a moment means the snapshot of that second.
bool is_moment_of(const SnapshotInfo& snapshot, Time at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  if (second != at) return snapshot.time == at;
  return std::chrono::floor<std::chrono::seconds>(snapshot.time) == second;
}

// Without a log there is nothing between snapshots: say which moments there are.
Result<SnapshotInfo> by_time(const Snapshots& snapshots, Time at) {
  const SnapshotInfo* before = nullptr;
  const SnapshotInfo* after = nullptr;
  for (const auto& each : snapshots) {
    if (!each.complete) continue;
    if (is_moment_of(each, at)) return each;
    if (each.time < at) before = &each;
    if (each.time > at && after == nullptr) after = &each;
  }
  if (before == nullptr && after == nullptr) return fail(no_complete_one(snapshots));
  std::string hint = "These sources keep no log, so only snapshots' own moments can be restored: ";
  if (before != nullptr) hint += "the nearest before is " + describe_moment(*before);
  if (before != nullptr && after != nullptr) hint += ", ";
  if (after != nullptr) hint += "the nearest after is " + describe_moment(*after);
  hint += ".";
  return fail(Error(Code::not_restorable, "no snapshot was taken at " + to_rfc3339(at))
                  .with_hint(std::move(hint)));
}

const repository::SourceManifest* find_source(
    const std::vector<repository::SourceManifest>& sources, const std::string& name) {
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

Failure unknown_source(const std::vector<repository::SourceManifest>& sources,
                       const std::string& name) {
  std::string known;
  for (const auto& each : sources) known += (known.empty() ? "" : ", ") + each.name;
  return fail(Error(Code::usage, "the snapshot has no source \"" + name + "\"")
                  .with_hint("Its sources are: " + known + "."));
}

// A database becomes a file of its name inside the directory, a folder a folder.
Result<std::string> place_of(const repository::SourceManifest& source,
                             const Destination& destination) {
  for (const auto& [name, place] : destination.places)
    if (name == source.name) return place;
  const bool is_server = is_on_server(source.type);
  if (destination.directory.empty() || is_server)
    return fail(Error(Code::usage, "no target is named for source \"" + source.name + "\"")
                    .with_hint(is_server
                                   ? "Name its server and database: --to " + source.name +
                                         "=mongodb://HOST/DATABASE, or =env:VARIABLE."
                                   : "Give --to DIRECTORY, or --to " + source.name + "=PLACE."));
  const auto folder = std::filesystem::path(destination.directory);
  return (folder / (source.type == "files" ? source.name : source.name + ".db")).string();
}

bool wanted(const PlanRequest& request, const std::string& source) {
  if (!request.only.empty())
    return std::any_of(request.only.begin(), request.only.end(),
                       [&](const auto& each) { return each.source == source; });
  if (!request.destination.directory.empty()) return true;
  return std::any_of(request.destination.places.begin(), request.destination.places.end(),
                     [&](const auto& each) { return each.first == source; });
}

Result<void> check_names(const std::vector<repository::SourceManifest>& sources,
                         const PlanRequest& request) {
  for (const auto& each : request.only)
    if (find_source(sources, each.source) == nullptr) return unknown_source(sources, each.source);
  for (const auto& [name, place] : request.destination.places)
    if (find_source(sources, name) == nullptr) return unknown_source(sources, name);
  return {};
}

Result<PlanItem> plan_item(const repository::SourceManifest& source, const PlanRequest& request) {
  PlanItem item;
  item.source = source.name;
  item.type = source.type;
  item.entries = source.entry_count;
  item.place = TRY(place_of(source, request.destination));
  if (const auto kept = request.kept.find(source.name); kept != request.kept.end())
    item.kept = kept->second;
  bool whole = request.only.empty();
  for (const auto& each : request.only) {
    if (each.source != source.name) continue;
    if (each.object.empty()) whole = true;
    item.objects.push_back(each.object);
  }
  if (whole) item.objects.clear();
  return item;
}

bool is_inside(const std::string& inner, const std::string& outer) {
  return inner == outer || outer == "/" || inner.starts_with(outer + "/");
}

bool overlap(const std::string& one, const std::string& other) {
  return is_inside(one, other) || is_inside(other, one);
}

// By where they lie, whatever they are mounted under: of a part that is mounted elsewhere neither
// the path nor the inode is known.
bool overlap_on_device(const std::string& one, const std::string& other) {
  const auto here = device_place(one);
  const auto there = device_place(other);
  return here && there && here->device == there->device && overlap(here->path, there->path);
}

// The canonical form even of a path whose end does not exist yet.
std::string canonical(const std::string& place) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(place), error);
  auto text = error ? std::filesystem::absolute(place).lexically_normal().string() : path.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

bool has_inode(const std::string& path, const engine::Identity& identity) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return false;
  const std::pair<std::uint64_t, std::uint64_t> inode{status.st_dev, status.st_ino};
  return std::find(identity.inodes.begin(), identity.inodes.end(), inode) != identity.inodes.end();
}

// The place itself or any folder above it: a bind mount or a link gives another name, not another
// inode.
bool shares_inode(const std::string& place, const engine::Identity& identity) {
  for (std::filesystem::path at = place; at != at.parent_path(); at = at.parent_path())
    if (has_inode(at.string(), identity)) return true;
  return false;
}

bool is_folder(const std::string& place) {
  std::error_code error;
  return std::filesystem::is_directory(place, error);
}

bool is_occupied(const std::string& place) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(place, error);
  if (!std::filesystem::exists(status)) return false;
  if (!std::filesystem::is_directory(status)) return true;
  const auto entries = std::filesystem::directory_iterator(place, error);
  return error || entries != std::filesystem::directory_iterator();
}

// The id of the snapshot that an interrupted restore to this place was of; empty: nothing tells it.
// A part that is cut out of a source is made in one step, at the end: what is there is another one.
std::optional<std::string> begun_snapshot(const PlanItem& item, const Note& note) {
  if (is_on_server(item.type)) return std::nullopt;
  if (auto marked = engine::files::unfinished_snapshot(item.place)) return marked;
  if (!item.objects.empty() || !note.places.contains(item.place)) return std::nullopt;
  return note.snapshot;
}

bool is_id(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// Of two snapshots a tree would be made that never was.
Result<bool> goes_on(const Plan& plan, const PlanItem& item, const Note& note,
                     const RunContext& context) {
  const auto begun = begun_snapshot(item, note);
  if (!begun || *begun == plan.snapshot.id.hex()) return begun.has_value();
  if (!is_id(*begun)) {
    context.log.warning(item.place +
                        " does not say of which snapshot the restore was that did not "
                        "end there: if it was of another one, files of that one stay");
    return true;
  }
  if (plan.overwrite) return false;
  return fail(Error(Code::refused, "a restore of another snapshot, " + begun->substr(0, 10) +
                                       ", has begun in " + item.place + " and has not ended")
                  .with_hint("Give --snapshot " + begun->substr(0, 10) +
                             " to go on with it, or --snapshot " + short_id(plan.snapshot) +
                             " --delete --no-snapshot to make of it what this one has."));
}

// The path below the folder, also by where they lie on their device.
std::optional<std::string> path_within(const std::string& path, const std::string& folder) {
  if (is_inside(path, folder)) return path.substr(folder == "/" ? 1 : folder.size());
  const auto inner = device_place(path);
  const auto outer = device_place(folder);
  if (!inner || !outer || inner->device != outer->device || !is_inside(inner->path, outer->path))
    return std::nullopt;
  return inner->path.substr(outer->path == "/" ? 0 : outer->path.size());
}

struct Clearing {
  const PlanItem& item;
  std::string folder;
  engine::files::ExcludeRules kept;
};

struct InTheWay {
  std::string path;
  bool is_folder;
  std::string what;
};

// What lies in a folder that is cleared of all that the snapshot does not have.
Result<void> check_cleared(const Clearing& clearing, const InTheWay& other) {
  auto within = path_within(other.path, clearing.folder);
  while (within && within->starts_with('/')) within->erase(0, 1);
  if (!within || within->empty() || clearing.kept.leaves_out(*within, other.is_folder)) return {};
  return fail(
      Error(Code::refused, "--delete would remove " + other.what + " (" + other.path + ") from " +
                               clearing.item.place + ", which becomes what " +
                               clearing.item.source + " was")
          .with_hint("Give --overwrite instead of --delete, restore them to different places, or "
                     "exclude it from source " +
                     clearing.item.source + " and back up first."));
}

Result<void> check_deleted(const Plan& plan, const PlanItem& item,
                           const std::vector<Protected>& protected_places) {
  const auto traits = TRY(engine::find_engine(item.type))->traits();
  if (!plan.delete_strangers || traits.is_database || !item.objects.empty()) return {};
  const Clearing clearing{item, canonical(item.place),
                          TRY(engine::files::ExcludeRules::compile(item.kept))};
  for (const auto& other : plan.items)
    if (&other != &item && !is_on_server(other.type))
      TRY(check_cleared(clearing, {canonical(other.place), other.type == item.type,
                                   "what is restored of " + other.source}));
  for (const auto& guarded : protected_places)
    for (const auto& path : guarded.identity.paths)
      TRY(check_cleared(clearing, {path, is_folder(path), "the live " + guarded.name}));
  return {};
}

std::optional<std::string> shared_name(const Protected& guarded, const engine::Identity& other) {
  const auto& names = guarded.identity.names;
  if (std::ranges::find_first_of(names, other.names) == names.end()) return std::nullopt;
  return guarded.name;
}

bool overlaps_identity(const std::string& target, const engine::Identity& identity) {
  const auto overlaps = [&](const std::string& path) {
    return overlap(target, path) || overlap_on_device(target, path);
  };
  return std::ranges::any_of(identity.paths, overlaps) || shares_inode(target, identity);
}

Result<std::optional<std::string>> touched(const std::string& place, const Protected& guarded,
                                           int levels, const RunContext& context) {
  const auto target = canonical(place);
  if (overlaps_identity(target, guarded.identity)) return guarded.name;
  if (!guarded.repository) return std::nullopt;
  const auto copy = TRY(find_copy(target, *guarded.repository, levels, context));
  if (!copy) return std::nullopt;
  return copy->string() + ", a copy of " + guarded.name + " (they have one id)";
}

// What is deleted may lie at any depth.
Result<std::optional<std::string>> touched_by(const Plan& plan, const PlanItem& item,
                                              const Protected& guarded, const RunContext& context) {
  if (!plan.delete_strangers) return find_touched(item.place, guarded, context);
  return touched(item.place, guarded, std::numeric_limits<int>::max(), context);
}

Result<void> check_protected(Plan& plan, const PlanItem& item, const Protected& guarded,
                             const std::optional<std::string>& found) {
  if (!found) return {};
  if (guarded.never) return fail(Code::refused, item.place + " is, holds or lies in " + *found);
  plan.in_place = true;
  if (plan.overwrite) return {};
  const std::string beside = is_on_server(item.type)
                                 ? "--to " + item.source + "=mongodb://HOST/DATABASE"
                                 : "--to DIRECTORY";
  return fail(Error(Code::refused, item.place + " is, holds or lies in the live " + guarded.name)
                  .with_hint("Restore beside it with " + beside +
                             ". To replace live data, stop the application and give --overwrite."));
}

}  // namespace

Snapshots complete_before(const Snapshots& snapshots, const SnapshotInfo& chosen) {
  auto older = of_service(snapshots, chosen.service);
  std::erase_if(older,
                [&](const auto& each) { return !each.complete || each.time >= chosen.time; });
  return older;
}

Result<void> check_needs(const Snapshots& snapshots, const SnapshotInfo& chosen) {
  std::vector<const SnapshotInfo*> ahead{&chosen};
  std::set<std::string> known;
  while (!ahead.empty()) {
    const auto& each = *ahead.back();
    ahead.pop_back();
    for (const auto& id : each.needs) {
      if (!known.insert(id).second) continue;
      const auto base =
          std::ranges::find_if(snapshots, [&](const auto& other) { return other.id.hex() == id; });
      if (base == snapshots.end()) return without_base(each, id);
      ahead.push_back(&*base);
    }
  }
  return {};
}

Result<SnapshotInfo> choose_snapshot(const Snapshots& snapshots, const std::string& service,
                                     const Selector& selector) {
  auto own = of_service(snapshots, service);
  const auto& word = selector.snapshot;
  if (!selector.at && !is_word(word))
    std::ranges::move(of_service(snapshots, before_restore(service)), std::back_inserter(own));
  if (own.empty())
    return fail(Error(Code::not_found, "there is no snapshot of service \"" + service + "\"")
                    .with_hint("Run `lifeboat backup " + service + "` first."));
  if (selector.at) return by_time(own, *selector.at);
  return is_word(word) ? by_word(own, word) : by_id(own, word);
}

std::string before_restore(const std::string& service) {
  return service + std::string(kBeforeRestore);
}

bool asks_for_newest(const Selector& selector) {
  return !selector.at && selector.position.empty() &&
         (selector.snapshot.empty() || selector.snapshot == "latest");
}

Result<SnapshotInfo> choose_listed(const repository::SnapshotList& list, const std::string& service,
                                   const Selector& selector) {
  auto chosen = choose_snapshot(list.snapshots, service, selector);
  // One that is incomplete can be had; what is lost is a finding beside that.
  if (chosen || !asks_for_newest(selector) || chosen.error().code() == Code::incomplete)
    return chosen;
  const auto lost = std::ranges::find_if(
      list.lost, [&](const auto& each) { return each.service.empty() || each.service == service; });
  if (lost == list.lost.end()) return chosen;
  return fail(Error(Code::corrupt,
                    chosen.error().describe() + ", and " + lost->key + " is missing or damaged")
                  .with_hint("Run `lifeboat verify`, then bring back what it names from another "
                             "copy of the repository."));
}

Result<Selection> parse_selection(const std::string& text) {
  const auto slash = text.find('/');
  Selection selection{text.substr(0, slash), ""};
  if (slash != std::string::npos) selection.object = text.substr(slash + 1);
  while (selection.object.ends_with('/')) selection.object.pop_back();
  if (selection.source.empty())
    return fail(Error(Code::usage, "\"" + text + "\" names no source")
                    .with_hint("Write --only SOURCE or --only SOURCE/OBJECT."));
  return selection;
}

Result<Plan> plan_restore(const SnapshotInfo& snapshot,
                          const std::vector<repository::SourceManifest>& sources,
                          const PlanRequest& request) {
  TRY(check_names(sources, request));
  Plan plan;
  plan.snapshot = snapshot;
  plan.overwrite = request.overwrite;
  plan.delete_strangers = request.delete_strangers;
  plan.accept_losses = request.accept_losses;
  plan.with_users = request.with_users;
  plan.state = request.state;
  for (const auto& source : sources)
    if (wanted(request, source.name)) plan.items.push_back(TRY(plan_item(source, request)));
  if (plan.items.empty()) return fail(Code::usage, "nothing in the snapshot was asked for");
  TRY(give_names(plan, request.renames));
  if (plan.items.size() > 1) plan.directory = request.destination.directory;
  return plan;
}

Result<std::optional<std::string>> find_touched(const std::string& place, const Protected& guarded,
                                                const RunContext& context) {
  return touched(place, guarded, 1, context);
}

bool is_cut_out(const PlanItem& item, const engine::Traits& traits) {
  return traits.is_database && !traits.is_server && !item.objects.empty();
}

Result<void> check_targets(Plan& plan, const std::vector<Protected>& protected_places,
                           const RunContext& context) {
  const auto note = read_note(plan.directory);
  for (auto& item : plan.items) {
    const bool is_server = is_on_server(item.type);
    const auto there = is_server ? TRY(TRY(engine::find_engine(item.type))->look_at(item.place))
                                 : engine::PlaceState{{}, is_occupied(item.place)};
    for (const auto& guarded : protected_places)
      TRY(check_protected(plan, item, guarded,
                          is_server ? shared_name(guarded, there.identity)
                                    : TRY(touched_by(plan, item, guarded, context))));
    TRY(check_deleted(plan, item, protected_places));
    if (!there.occupied) continue;
    TRY(check_half_filled(plan, item, there.identity, context));
    item.resumes = TRY(goes_on(plan, item, note, context));
    if (item.resumes) continue;
    if (is_cut_out(item, TRY(engine::find_engine(item.type))->traits()))
      return fail(Error(Code::refused, item.place + " is there already")
                      .with_hint("A table that is taken out alone becomes a new file: name one "
                                 "that is not there yet."));
    plan.occupied.push_back(item.place);
    if (plan.overwrite) continue;
    return fail(Error(Code::refused, item.place + " exists and is not empty")
                    .with_hint("Restore to a new place, or give --overwrite to change it."));
  }
  return {};
}

}  // namespace lifeboat::restore
