#include "repository/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "repository/snapshot_list.h"
#include "repository/snapshot_object.h"

namespace lifeboat::repository {
namespace {

// Two programs of one key rarely meet at one number; a storage that says "exists" for ever is
// broken.
constexpr int kMaxRaces = 64;

fs::path lock_file(const fs::path& cache, const SessionRef& ref) {
  return cache / "sessions" / (ref.writer.hex() + "-" + hex_of(ref.seq) + ".lock");
}

bool lock_now(const FileDescriptor& file) { return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

Result<bool> is_stale(const Store& store, const SessionRef& ref, const RunContext& context) {
  const auto owner = SessionLock::look(store.cache, ref);
  if (owner != SessionLock::Owner::unknown) return owner == SessionLock::Owner::dead;
  const auto object = TRY(storage::get_whole(*store.backend, session_key(ref), kMaxSmallObject));
  const auto session = parse_session(store.keys, ref, object);
  // Nobody can commit into a session whose object is damaged: readers would never get its key.
  return !session || patience_is_over(*session, context.clock.now());
}

// Of this writer; without those whose objects went away meanwhile.
Result<std::vector<SessionRef>> stale_sessions(const Store& store, const Census& census,
                                               const RunContext& context) {
  std::vector<SessionRef> found;
  const auto own = census.writers.find(store.keys.writer);
  if (own == census.writers.end()) return found;
  for (const auto seq : own->second.open()) {
    const SessionRef ref{store.keys.writer, seq};
    const auto stale = is_stale(store, ref, context);
    if (!stale && stale.error().code() == Code::not_found) continue;
    if (TRY(stale)) found.push_back(ref);
  }
  return found;
}

// Somebody saw it end, so that its snapshot was lost: a void in its place would hide that for ever.
bool has_lost_its_end(const SnapshotList& list, const SessionRef& ref) {
  return std::ranges::any_of(list.lost, [&](const LostSnapshot& each) {
    return each.writer == ref.writer && each.seq == ref.seq;
  });
}

Result<void> end_stale(const Store& store, const SessionRef& ref, const RunContext& context) {
  const auto ended = put_void(store, ref, "the backup did not finish");
  if (!ended && ended.error().code() != Code::exists) return ended;
  SessionLock::forget(store.cache, ref);
  context.log.info("ended an unfinished session: " + session_key(ref));
  return {};
}

Result<void> end_stale_sessions(const Store& store, const Census& census,
                                const RunContext& context) {
  const auto stale = TRY(stale_sessions(store, census, context));
  if (stale.empty()) return {};
  const auto list = list_snapshots(store, context);
  TRY(context.check_stop());
  if (!list) {
    // Old objects that cannot be read are no reason to make no backup.
    context.log.warning("unfinished sessions stay open, for nobody can tell what is lost: " +
                        list.error().describe());
    return {};
  }
  for (const auto& ref : stale) {
    if (!has_lost_its_end(*list, ref))
      TRY(end_stale(store, ref, context));
    else
      context.log.warning(snapshot_key(ref) +
                          " was there and is lost: `lifeboat verify` tells more");
  }
  return {};
}

Result<std::uint64_t> next_number(const Store& store, const Census& census) {
  const auto own = census.writers.find(store.keys.writer);
  const auto highest = own == census.writers.end() ? 0 : own->second.highest();
  const auto memory = read_memory(store.cache);
  const auto known = memory.find(store.keys.writer);
  const auto last = std::max(highest, known == memory.end() ? 0 : known->second.max);
  if (last == UINT64_MAX)
    return fail(Code::corrupt, "somebody took the last number of this key's sessions");
  return last + 1;
}

Result<void> check_about(const Session::About& about) {
  if (about.patience < Duration{0})
    return fail(Code::usage, "a session's patience cannot be negative");
  return {};
}

}  // namespace

std::optional<SessionLock> SessionLock::take(const fs::path& cache, const SessionRef& ref) {
  if (cache.empty() || !make_directories(cache / "sessions")) return std::nullopt;
  auto file = open_file(lock_file(cache, ref), O_RDWR | O_CREAT);
  if (!file || !lock_now(*file)) return std::nullopt;
  return SessionLock(std::move(*file));
}

SessionLock::Owner SessionLock::look(const fs::path& cache, const SessionRef& ref) {
  if (cache.empty()) return Owner::unknown;
  const auto file = open_file(lock_file(cache, ref), O_RDWR);
  if (!file) return Owner::unknown;
  return lock_now(*file) ? Owner::dead : Owner::alive;
}

void SessionLock::forget(const fs::path& cache, const SessionRef& ref) {
  if (!cache.empty()) ::unlink(lock_file(cache, ref).c_str());
}

// The lock comes first: whoever sees the session can then also see that its owner lives.
Result<Session> Session::open(const Store& store, const About& about, const RunContext& context) {
  TRY(check_about(about));
  const auto census = TRY(take_census(store));
  TRY(end_stale_sessions(store, census, context));
  auto seq = TRY(next_number(store, census));
  for (int race = 0; race < kMaxRaces; ++race, ++seq) {
    TRY(context.check_stop());
    Session session;
    session.ref_ = {store.keys.writer, seq};
    session.key_ = Secret(kBoxedKeySize);
    context.random.fill(session.key_.span());
    session.started_ = context.clock.now();
    session.lock_ = SessionLock::take(store.cache, session.ref_);
    const NewSession fresh{session.ref_, session.started_, about.patience, about.about};
    const auto object = TRY(make_session(store.keys, fresh, session.key_, context.random));
    const auto put = store.backend->put(session_key(session.ref_), object);
    if (put) return session;
    if (session.lock_) SessionLock::forget(store.cache, session.ref_);
    if (put.error().code() != Code::exists) return fail(put.error());
  }
  return fail(Code::busy, "every next session number was taken by another program of this key");
}

void Session::ended(const Store& store) {
  SessionLock::forget(store.cache, ref_);
  lock_.reset();
}

Result<void> put_void(const Store& store, const SessionRef& ref, std::string_view reason) {
  const auto object = TRY(make_void(store.keys, ref, reason));
  return store.backend->put(snapshot_key(ref), object);
}

bool patience_is_over(const SessionObject& session, Time now) {
  return now - session.started > session.patience;
}

Result<std::shared_ptr<const Secret>> SessionRing::find(const SessionRef& session) {
  {
    const std::scoped_lock lock(guard_);
    if (const auto known = keys_.find(session); known != keys_.end()) return known->second;
  }
  if (store_.keys.box_seed.empty()) return fail(open_session_key(store_.keys, {}).error());
  const auto name = session_key(session);
  const auto object = TRY_CONTEXT(name, storage::get_whole(*store_.backend, name, kMaxSmallObject));
  const auto parsed = TRY_CONTEXT(name, parse_session(store_.keys, session, object));
  auto key =
      std::make_shared<const Secret>(TRY_CONTEXT(name, open_session_key(store_.keys, parsed)));
  const std::scoped_lock lock(guard_);
  return keys_.try_emplace(session, std::move(key)).first->second;
}

}  // namespace lifeboat::repository
