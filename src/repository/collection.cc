#include "repository/collection.h"

#include <algorithm>
#include <utility>

#include "crypto/hash.h"
#include "repository/collected.h"
#include "repository/damage.h"
#include "repository/doubles.h"
#include "repository/fields.h"
#include "repository/format_repository.h"
#include "repository/index_rewrite.h"
#include "repository/kept_statements.h"
#include "repository/segment_move.h"
#include "repository/session.h"
#include "repository/snapshot_list.h"
#include "repository/snapshot_object.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

constexpr Duration kPoll = std::chrono::seconds(1);

constexpr const char* kUnreadableHead =
    "Nothing was removed, for nobody can tell what it needs. Put the object back as it was, from a "
    "copy of the repository. Where there is none, give it up: prune with --despite-missing.";
// It may have been readable for another collector at work on the same plan, which then keeps what
// this one would remove.
constexpr const char* kUnreadableInPlan =
    "Nothing was removed, for nobody can tell what it needs. Put the object back as it was, from a "
    "copy of the repository. Where there is none, see that no `lifeboat prune` runs on any "
    "machine, "
    "remove the object below collect/ (the collection that began before this happened), and prune "
    "with --despite-missing.";
constexpr const char* kDamagedCollection =
    "Nothing was removed, for a prune began this and nobody can tell what it names. Put the object "
    "back as it was, from a copy of the repository. Where there is none, see that no `lifeboat "
    "prune` runs on any machine, remove that object, and prune again. Until then each backup "
    "stores "
    "everything again.";

// What a pack takes beside its segments (header, directory, trailer) is worth no move.
bool is_mostly_dead(const PackSurvey& pack, unsigned above_percent) {
  return pack.dead * 100 > pack.size * above_percent;
}

Failure refuse_without(const Finding& missing) {
  return fail(Error(Code::refused, missing.subject + " is missing: " + missing.message)
                  .with_hint("Nothing was removed. Find out why (`lifeboat verify`). To give up "
                             "what is missing, prune with --despite-missing."));
}

// A start in the future is a wrong clock's: then the store's own time counts.
bool is_past_patience(const SessionObject& session, Time stored_at, Time now) {
  auto known = session;
  if (session.started > now) known.started = std::min(session.started, stored_at);
  return patience_is_over(known, now);
}

}  // namespace

Result<PruneReport> Collection::run() {
  TRY(require_all_snapshots());
  if (!TRY(plan_or_resume()) || options_.dry_run) return std::move(report_);
  TRY(publish_plan());
  TRY(end_sessions());
  TRY(reconsider());
  if (TRY(is_over())) return fail(Code::busy, "another collector has finished this collection");
  TRY(move_living());
  TRY(publish_index());
  TRY(remove_packs());
  TRY(remove_heads());
  TRY(finish());
  return std::move(report_);
}

// What a hidden or lost snapshot refers to looks dead, and it may come back.
Result<void> Collection::require_all_snapshots() {
  const auto list = TRY(list_snapshots(store_, context_));
  for (const auto& each : list.findings)
    if (each.code == kStatementMissing) TRY(put_back_statement(each));
  if (options_.despite_missing) return give_up(list);
  for (const auto& each : list.findings)
    if (each.code == kSnapshotMissing) return refuse_without(each);
  return {};
}

// From this machine's copy, which counts already.
Result<void> Collection::put_back_statement(const Finding& lost) {
  if (options_.dry_run) {
    report_.findings.push_back(lost);
    return {};
  }
  const auto object = kept_statement(store_, lost.subject);
  if (!object) return {};
  TRY(store_.backend->put(lost.subject, *object));
  context_.log.warning(lost.subject + " was lost, and is put back from this machine's copy");
  return {};
}

// Before anything is planned, and never without a word.
Result<void> Collection::give_up(const SnapshotList& list) {
  const auto census = TRY(take_census(store_));
  for (const auto& each : list.lost) {
    const SessionRef ref{each.writer, each.seq};
    TRY(is_open(census, ref) ? end_lost(ref) : forget_unreadable(ref));
    if (each.stored && !given_up_.contains(ref)) continue;  // it is there, for others to read
    const auto why = std::ranges::find(list.findings, each.key, &Finding::subject);
    const auto what = why == list.findings.end() ? "it is lost" : why->message;
    if (options_.dry_run)
      report_.findings.push_back({"snapshot-given-up", each.key, "is given up: " + what, false});
    else
      context_.log.warning(each.key + " is given up: " + what);
  }
  return {};
}

// In a session that has a void nobody commits any more.
Result<void> Collection::end_lost(const SessionRef& ref) {
  given_up_[ref] = {};
  if (options_.dry_run) return {};
  auto ended = put_void(store_, ref, "lost, and given up by a person");
  if (!ended && ended.error().code() != Code::exists) return ended;
  return {};
}

// It is forgotten as any other, by the hash of what lies there. What was read badly once is asked
// again, and one of a newer format is for a newer version to read.
Result<void> Collection::forget_unreadable(const SessionRef& ref) {
  Bytes object;
  auto read = store_.backend->get(snapshot_key(ref), {0, kMaxSnapshot + 1}, object);
  if (!read && read.error().code() == Code::not_found) return {};
  TRY(std::move(read));
  const auto end = read_session_end(store_.keys, ref, object);
  if (end || !is_broken(end.error())) return {};
  const auto id = TRY(SnapshotId::from(crypto::sha256(object).view()));
  given_up_[ref] = id;
  if (options_.dry_run) return {};
  const auto body = forgotten_body(ref, id, "cannot be read, and given up by a person");
  TRY(store_statement(store_, "forgotten", body, context_));
  return {};
}

// What the plan names as forgotten does not count; also by its number, so that an object that comes
// back as it was between two collectors' readings counts for neither.
Result<References> Collection::count_references(const Census& census) const {
  const auto said = TRY(load_statements(store_, "forgotten"));
  Forgotten forgotten{plan_.forgotten, TRY(gather_sayings(said.statements)).forgotten_numbers};
  forgotten.numbers.insert(given_up_.begin(), given_up_.end());
  std::erase_if(forgotten.numbers,
                [&](const auto& each) { return !plan_.forgotten.contains(each.second); });
  auto references = read_references(store_, census, forgotten);
  if (references && !references->vanished.empty())
    return fail(Error(Code::busy, snapshot_key(references->vanished.front()) +
                                      " was removed while it was about to be read")
                    .with_hint("Nothing more is removed. Where another `lifeboat prune` runs, "
                               "wait for it. Then prune again, which says whether it is lost."));
  if (references || !is_broken(references.error())) return references;
  return fail(std::move(references)
                  .error()
                  .with_hint(plan_.number == 0 ? kUnreadableHead : kUnreadableInPlan));
}

// The same of those that were there then, from what this machine remembers.
Result<Census> Collection::take_whole_census() const {
  const auto memory = read_memory(store_.cache);
  auto census = TRY(take_census(store_));
  const auto missing = find_missing(census, memory);
  if (!missing.empty() && !options_.despite_missing) return refuse_without(missing[0].finding());
  return census;
}

// Those that somebody has said to be over, and stopped before removing them, are removed. What a
// damaged one names nobody can tell, so that nobody can finish it.
Result<std::vector<CollectPlan>> Collection::unfinished() const {
  auto [plans, damaged] = TRY(outstanding_collections(store_));
  if (plans.empty() && damaged.empty()) return std::move(plans);
  const auto last = TRY(last_collected());
  std::vector<std::string> over;
  for (const auto& each : plans)
    if (each.number <= last) over.push_back(collect_key(each.number));
  for (const auto& each : damaged) {
    if (each.number > last) return fail(Error(each.error).with_hint(kDamagedCollection));
    over.push_back(each.key);
  }
  for (const auto& key : over)
    if (!options_.dry_run) TRY(store_.backend->remove(key));
  std::erase_if(plans, [&](const auto& plan) { return plan.number <= last; });
  return std::move(plans);
}

// False when there is nothing to do.
Result<bool> Collection::plan_or_resume() {
  auto outstanding = TRY(unfinished());
  if (!outstanding.empty() && !options_.dry_run) {
    plan_ = std::move(outstanding.front());
    resumed_ = true;
    return true;
  }
  plan_.forgotten =
      TRY(gather_sayings(TRY(load_statements(store_, "forgotten")).statements)).forgotten;
  for (const auto& [ref, id] : given_up_)
    if (id != SnapshotId{}) plan_.forgotten.insert(id);
  auto census = TRY(take_census(store_));
  add_forgotten(census, given_up_);
  references_ = TRY(count_references(census));
  plan_.sparse = references_.sparse;
  packs_ = TRY(survey_packs(store_, references_.living));
  TRY(mark_doubles(store_, packs_, context_));
  report_.findings.insert(report_.findings.end(), packs_.findings.begin(), packs_.findings.end());
  // A second look: a session that began meanwhile may have made some of these packs.
  // What had ended by a statement alone, its head being gone, has ended still.
  auto later = TRY(list_sessions(store_));
  for (const auto& [writer, each] : census.writers)
    later.writers[writer].forgotten = each.forgotten;
  for (const auto& [name, pack] : packs_.packs)
    choose(name, pack, !is_open(census, pack.session) && !is_open(later, pack.session));
  // Only those whose heads are still there are news to anybody.
  std::erase_if(plan_.forgotten,
                [&](const auto& id) { return !references_.discounted.contains(id); });
  return !plan_.drop.empty() || !plan_.move.empty() || !plan_.forgotten.empty() ||
         std::ranges::any_of(packs_.packs,
                             [](const auto& each) { return each.second.is_unlisted(); });
}

void Collection::choose(const PackName& name, const PackSurvey& pack, bool ended) {
  const bool may_go = ended && !pack.damaged;
  if (may_go && pack.alive == 0) {
    plan_.drop.insert(name);
    ++report_.packs_removed;
    report_.bytes_freed += pack.size;
  } else if (may_go && (pack.shares || is_mostly_dead(pack, options_.move_above_percent))) {
    const auto kept = pack.alive - std::min(pack.alive, pack.doubled);
    plan_.move.insert(name);
    ++report_.packs_moved;
    report_.bytes_moved += kept;
    report_.bytes_freed += pack.size - kept;
  } else {
    report_.bytes_kept += pack.size;
  }
}

// Exclusive: of two collectors that plan at once one goes on, the other is told.
Result<void> Collection::publish_plan() {
  report_ = {.findings = std::move(report_.findings)};
  if (resumed_) return {};
  plan_.number = TRY(next_number());
  plan_.started = context_.clock.now();
  const auto object = TRY(make_collect(store_.keys, plan_, context_.random));
  auto stored = store_.backend->put(collect_key(plan_.number), object);
  if (!stored && stored.error().code() == Code::exists)
    return fail(Code::busy, "another collection began at the same moment");
  if (!stored) return stored;
  if (!TRY(is_over())) return {};
  TRY(store_.backend->remove(collect_key(plan_.number)));
  return fail(Code::busy, "another collection of this number has just ended");
}

// No number is used twice: a late removal of `collect/<k>` must not hit a later collection.
Result<std::uint64_t> Collection::next_number() {
  std::uint64_t highest = 0;
  for (const auto& object : TRY(list_sorted(*store_.backend, std::string(kCollectName))))
    highest = std::max(highest, TRY(parse_seq(object.key.substr(kCollectName.size()))));
  highest = std::max(highest, TRY(last_collected()));
  return highest + 1;
}

// A statement that cannot be read may be of any number: then nobody can tell what is over.
Result<std::uint64_t> Collection::last_collected() const {
  const auto collected = TRY(read_collected(store_));
  if (collected.findings.empty()) return collected.last;
  const auto& first = collected.findings.front();
  return fail(Error(Code::corrupt, first.subject + ": " + first.message)
                  .with_hint("Run `lifeboat verify` to see all damage; nothing was removed."));
}

Result<bool> Collection::is_over() const { return TRY(last_collected()) >= plan_.number; }

// Every session that existed before the plan could be seen must end before references are read
// again.
Result<void> Collection::end_sessions() {
  const auto census = TRY(take_whole_census());
  for (const auto& [writer, each] : census.writers)
    for (const auto seq : each.open()) TRY(end_session({writer, seq}, each.sessions.at(seq)));
  return {};
}

Result<void> Collection::end_session(const SessionRef& session, const storage::ObjectInfo& object) {
  if (TRY(wait_for_end(session))) return {};
  const auto opened = TRY(read_open_session(session));
  const bool dead = SessionLock::look(store_.cache, session) == SessionLock::Owner::dead;
  if (opened && !dead && !is_past_patience(*opened, object.stored_at, context_.clock.now()))
    return fail(Error(Code::busy, "a backup of " + opened->about.service + " on " +
                                      opened->about.host + " is running since " +
                                      to_rfc3339(opened->started))
                    .with_hint("Nothing was removed. Prune again when it has ended."));
  auto ended = put_void(store_, session, "ended by a collection: no sign of life");
  if (!ended && ended.error().code() != Code::exists) return ended;
  ++report_.sessions_voided;
  return {};
}

// Nothing when it is damaged: what is written under it could never be read.
Result<std::optional<SessionObject>> Collection::read_open_session(const SessionRef& session) {
  const auto key = session_key(session);
  const auto bytes = storage::get_whole(*store_.backend, key, kMaxSmallObject);
  auto parsed = bytes ? parse_session(store_.keys, session, *bytes) : fail(bytes.error());
  if (parsed) return std::optional(std::move(*parsed));
  if (!is_broken(parsed.error()) && parsed.error().code() != Code::not_found)
    return fail(std::move(parsed).error().add_context(key));
  return std::optional<SessionObject>();
}

Result<bool> Collection::wait_for_end(const SessionRef& session) {
  const Duration until = context_.clock.steady() + options_.wait;
  for (;;) {
    TRY(check());
    const auto end = store_.backend->stat(snapshot_key(session));
    if (end) return true;
    if (end.error().code() != Code::not_found) return fail(end.error());
    if (context_.clock.steady() >= until) return false;
    context_.clock.sleep(kPoll);
  }
}

// What committed while the plan was made known counts: such a pack stays, or only its dead part
// goes.
Result<void> Collection::reconsider() {
  const auto census = TRY(take_whole_census());
  references_ = TRY(count_references(census));
  const auto before = std::exchange(packs_, TRY(survey_packs(store_, references_.living)));
  TRY(require_all_of(before));
  for (auto pack = plan_.drop.begin(); pack != plan_.drop.end();) {
    TRY(check());
    pack = TRY_CONTEXT(pack_key(*pack), may_drop(*pack)) ? std::next(pack) : plan_.drop.erase(pack);
  }
  return {};
}

// A pack that another collector has emptied is gone, too, and what lived in it lies elsewhere.
Result<void> Collection::require_all_of(const PackCensus& before) const {
  bool lost = false;
  before.met.visit([&](const Salt& birth, std::uint32_t number) {
    const bool wanted = references_.living.contains(birth, number);
    lost = lost || (wanted && !packs_.met.contains(birth, number));
  });
  if (!lost) return {};
  const auto gone = std::ranges::find_if(before.packs, [&](const auto& each) {
    return each.second.alive > 0 && !packs_.packs.contains(each.first);
  });
  const auto where = gone == before.packs.end() ? std::string(kPacksName) : pack_key(gone->first);
  return fail(
      Error(Code::corrupt, where + ": what snapshots need was there a moment ago, and is gone")
          .with_hint("Nothing was removed. Put it back, from a copy of the repository, or "
                     "see with `lifeboat verify` what is lost; then prune again."));
}

// One whose directory cannot be read is nobody's any more: no index lists it, and it stays.
Result<bool> Collection::may_drop(const PackName& name) {
  const auto alive = is_alive(store_, references_.living, name);
  if (alive) return !*alive;
  if (!is_broken(alive.error())) return fail(alive.error());
  unreadable_.insert(name);
  report_.findings.push_back({"pack-damaged", pack_key(name), alive.error().describe(), false});
  return true;
}

Result<void> Collection::move_living() {
  SegmentMove move(store_, plan_, references_.living, packs_);
  moved_ = TRY(move.run(context_));
  report_.bytes_moved = moved_.bytes;
  for (const auto& name : moved_.damaged)
    report_.findings.push_back(
        {"pack-damaged", pack_key(name), "cannot be emptied: it is not what was written", false});
  return {};
}

Result<void> Collection::publish_index() {
  IndexRewrite rewrite(store_, plan_, packs_, moved_);
  return rewrite.run(context_);
}

Result<void> Collection::remove_packs() {
  TRY(remove_all(plan_.drop, unreadable_));
  TRY(remove_all(plan_.move, moved_.damaged));
  report_.packs_removed = plan_.drop.size() - unreadable_.size();
  report_.packs_moved = plan_.move.size() - moved_.damaged.size();
  report_.bytes_freed -= std::min(report_.bytes_freed, report_.bytes_moved);
  return {};
}

Result<void> Collection::remove_all(const std::set<PackName>& names,
                                    const std::set<PackName>& damaged) {
  for (const auto& name : names) {
    TRY(check());
    const auto found = packs_.packs.find(name);
    if (found == packs_.packs.end() || damaged.contains(name)) continue;
    TRY(store_.backend->remove(pack_key(name)));
    report_.bytes_freed += found->second.size;
  }
  return {};
}

// After the packs: until now a late collector read the same references.
Result<void> Collection::remove_heads() {
  for (const auto& [id, ref] : references_.discounted)
    TRY(store_.backend->remove(snapshot_key(ref)));
  return {};
}

Result<void> Collection::finish() {
  for (const auto& [name, pack] : packs_.packs)
    if (!plan_.names(name) || unreadable_.contains(name) || moved_.damaged.contains(name))
      report_.bytes_kept += pack.size;
  TRY(end_collection(store_, plan_.number, plan_.sparse, context_));
  return store_.backend->remove(collect_key(plan_.number));
}

}  // namespace lifeboat::repository
