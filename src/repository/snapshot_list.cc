#include "repository/snapshot_list.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "repository/damage.h"
#include "repository/kept_statements.h"
#include "repository/parallel.h"
#include "repository/session.h"

namespace lifeboat::repository {
namespace {

std::vector<EndRead> ends_of(const Census& census) {
  std::vector<EndRead> ends;
  for (const auto& [writer, each] : census.writers)
    for (const auto& [seq, object] : each.ends)
      ends.push_back({{writer, seq}, object, fail(Code::internal, "not read yet")});
  return ends;
}

Result<SessionEnd> read_end(const Store& store, const SessionRef& ref) {
  const auto object = TRY(storage::get_whole(*store.backend, snapshot_key(ref), kMaxSnapshot));
  return read_session_end(store.keys, ref, object);
}

// What else tells of a snapshot whose own head does not: its session, which stays beside it.
std::optional<SessionAbout> session_of(const Store& store, const SessionRef& ref) {
  const auto object = storage::get_whole(*store.backend, session_key(ref), kMaxSmallObject);
  const auto session = object ? parse_session(store.keys, ref, *object) : fail(object.error());
  if (!session) return std::nullopt;
  return session->about;
}

std::string name_unreadable(const EndRead& read, const std::optional<SessionAbout>& about) {
  const auto stored = to_the_second(read.object.stored_at);
  if (!about) return fmt::format("a snapshot of unknown origin, stored at {}", stored);
  return fmt::format("the snapshot of \"{}\" on {}, stored at {}", about->service, about->host,
                     stored);
}

std::string service_of(const std::optional<SessionAbout>& about) {
  return about ? about->service : "";
}

// Gathers the list while ends come in.
class Gathering {
 public:
  Gathering(const Store& store, const Sayings& sayings) : store_(store), sayings_(sayings) {}

  Result<void> take(EndRead&& read) {
    // By its number, too: what cannot be read has no id that anybody knew it by.
    const bool forgotten = sayings_.forgotten_numbers.contains(read.ref);
    if (!read.end) {
      if (!forgotten) add_unreadable(read);
      return {};
    }
    if (!read.end->head) return {};
    seen_ = merge(seen_, read.end->head->seen);
    auto& info = read.end->head->info;
    if (!forgotten && !sayings_.forgotten.contains(info.id)) add(std::move(info), read.object);
    return {};
  }

  const Seen& seen() const { return seen_; }
  SnapshotList& list() { return list_; }

 private:
  void add(SnapshotInfo info, const storage::ObjectInfo& object) {
    info.first_stored = object.stored_at;
    if (const auto said = sayings_.words.find(info.id); said != sayings_.words.end())
      tell(said->second, info);
    list_.snapshots.push_back(std::move(info));
  }

  void add_unreadable(const EndRead& read) {
    const auto about = session_of(store_, read.ref);
    const auto& [writer, seq] = read.ref;
    list_.lost.push_back({read.object.key, writer, seq, service_of(about), read.object.stored_at});
    const bool newer = read.end.error().code() == Code::unsupported_format;
    list_.findings.push_back(
        {newer ? "snapshot-newer-format" : "snapshot-unreadable", read.object.key,
         name_unreadable(read, about) + ", cannot be read: " + read.end.error().describe(), false});
  }

  static void tell(const SnapshotWords& words, SnapshotInfo& info) {
    info.held = words.held;
    info.proven_at = words.proven_at;
    info.proven_verdict = words.proven_verdict;
    info.notes = words.notes;
    if (words.first) info.first_stored = std::min(info.first_stored, *words.first);
  }

  const Store& store_;
  const Sayings& sayings_;
  Seen seen_;
  SnapshotList list_;
};

auto by_time(const SnapshotInfo& info) { return std::tie(info.time, info.writer, info.seq); }

Finding never_ended(const SessionRef& ref, const SessionObject& session) {
  return {"session-unfinished", session_key(ref),
          fmt::format("the backup of \"{}\" on {} that began at {} never finished",
                      session.about.service, session.about.host, to_the_second(session.started)),
          false};
}

Result<void> look_at_session(const Store& store, const SessionRef& ref, const RunContext& context,
                             std::vector<Finding>& findings) {
  const auto key = session_key(ref);
  const auto object = storage::get_whole(*store.backend, key, kMaxSmallObject);
  if (!object && object.error().code() == Code::not_found) return {};
  const auto session = object ? parse_session(store.keys, ref, *object) : fail(object.error());
  if (!session && !is_damage(session.error())) return fail(session.error());
  if (!session) {
    findings.push_back({"session-unreadable", key, session.error().describe(), false});
    return {};
  }
  if (patience_is_over(*session, context.clock.now()))
    findings.push_back(never_ended(ref, *session));
  return {};
}

Result<void> look_at_open_sessions(const Store& store, const Census& census,
                                   const RunContext& context, std::vector<Finding>& findings) {
  for (const auto& [writer, each] : census.writers)
    for (const auto seq : each.open())
      TRY(look_at_session(store, {writer, seq}, context, findings));
  return {};
}

// A later backup that says it is older was made under a clock that went back: retention must know.
void find_clock_jumps(std::vector<SnapshotInfo> snapshots, std::vector<Finding>& findings) {
  std::ranges::sort(snapshots, [](const SnapshotInfo& one, const SnapshotInfo& other) {
    return std::tie(one.writer, one.seq) < std::tie(other.writer, other.seq);
  });
  for (std::size_t i = 1; i < snapshots.size(); ++i) {
    const auto& before = snapshots[i - 1];
    const auto& after = snapshots[i];
    if (before.writer != after.writer || before.started <= after.started) continue;
    findings.push_back({"clock-backwards", after.id.hex(),
                        fmt::format("snapshot {} was begun at {}, before its predecessor ({}): the "
                                    "clock of {} went back",
                                    after.seq, to_the_second(after.started),
                                    to_the_second(before.started), after.host),
                        false});
  }
}

// A listing is no instant: what was committed while it went on may look gone. A second one tells.
Result<std::vector<MissingRun>> confirm_missing(const Store& store, const Census& census,
                                                const Seen& seen) {
  auto missing = find_missing(census, seen);
  if (missing.empty()) return missing;
  return find_missing(TRY(take_census(store)), seen);
}

void add_missing(const Store& store, const std::vector<MissingRun>& missing, SnapshotList& list) {
  for (const auto& run : missing) {
    const auto about = run.seen ? session_of(store, run.ref()) : std::nullopt;
    list.lost.push_back({run.key(), run.writer, run.last, service_of(about), std::nullopt});
    list.findings.push_back(run.finding());
  }
}

void append_findings(std::vector<Finding>& to, std::vector<Finding> more) {
  std::ranges::move(more, std::back_inserter(to));
}

// Not being able to remember weakens a later alarm only.
void remember(const Store& store, const Census& census, const RunContext& context) {
  const auto written = write_memory(store.cache, census.seen());
  if (!written) context.log.warning("cannot remember what was seen: " + written.error().describe());
}

}  // namespace

Result<void> read_ends(const Store& store, const Census& census, const EndVisitor& visit,
                       const RunContext& context) {
  auto ends = ends_of(census);
  std::mutex guard;  // one visit at a time
  return for_each_index(ends.size(), context.stop, [&](std::size_t i) -> Result<void> {
    auto& read = ends[i];
    read.end = read_end(store, read.ref);
    if (!read.end && read.end.error().code() == Code::not_found) return {};
    if (!read.end && !is_damage(read.end.error())) return fail(read.end.error());
    const std::scoped_lock lock(guard);
    return visit(std::move(read));
  });
}

Result<SnapshotList> list_snapshots(const Store& store, const RunContext& context) {
  const auto memory = read_memory(store.cache);
  auto census = TRY(list_sessions(store));
  auto said = TRY(load_statements(store, ""));
  if (said.not_kept) warn_not_kept(*said.not_kept, context);
  const auto sayings = TRY(gather_sayings(said.statements));
  add_forgotten(census, sayings.forgotten_numbers);
  Gathering gathering(store, sayings);
  TRY(read_ends(
      store, census, [&](EndRead&& read) { return gathering.take(std::move(read)); }, context));
  auto list = std::move(gathering.list());
  std::ranges::sort(list.snapshots, {}, by_time);
  std::ranges::sort(list.lost, {}, &LostSnapshot::key);
  std::ranges::sort(list.findings, {}, &Finding::subject);
  append_findings(list.findings, std::move(said.findings));
  append_findings(list.findings, census.findings);
  add_missing(store, TRY(confirm_missing(store, census, merge(gathering.seen(), memory))), list);
  TRY(look_at_open_sessions(store, census, context, list.findings));
  find_clock_jumps(list.snapshots, list.findings);
  remember(store, census, context);
  return list;
}

}  // namespace lifeboat::repository
