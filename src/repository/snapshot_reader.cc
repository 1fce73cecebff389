#include "repository/snapshot_reader.h"

#include "crypto/hash.h"
#include "repository/entry_record.h"
#include "repository/index_access.h"

namespace lifeboat::repository {
namespace {

// A session stays as long as its snapshot does: where it is gone, the key of the snapshot was lost.
Result<std::shared_ptr<const Secret>> key_of_snapshot(SessionRing& sessions,
                                                      const SessionRef& ref) {
  auto key = sessions.find(ref);
  if (key || key.error().code() != Code::not_found) return key;
  return fail(Code::damage_found, "the object that holds its key is missing: " + session_key(ref));
}

}  // namespace

StoredSnapshot::StoredSnapshot(const Store& store, SessionRing& sessions, SnapshotInfo info)
    : store_(store),
      info_(std::move(info)),
      fetcher_(*store.backend, store.keys, sessions,
               [this](const RunContext& context) { return load_index(context); }) {}

Result<std::unique_ptr<StoredSnapshot>> StoredSnapshot::open(const Store& store,
                                                             SessionRing& sessions,
                                                             const SnapshotInfo& info) {
  const SessionRef ref{info.writer, info.seq};
  const auto name = snapshot_key(ref);
  const auto object = TRY(storage::get_whole(*store.backend, name, kMaxSnapshot));
  if (crypto::sha256(object).bytes != info.id.bytes)
    return fail(Code::corrupt, name + ": is not the snapshot it was when it was listed");
  TRY_CONTEXT(name, read_session_end(store.keys, ref, object));
  const auto key = TRY_CONTEXT(name, key_of_snapshot(sessions, ref));
  std::unique_ptr<StoredSnapshot> snapshot(new StoredSnapshot(store, sessions, info));
  snapshot->body_ = TRY_CONTEXT(name, read_snapshot_body(store.keys, ref, object, key->view()));
  return snapshot;
}

Result<void> StoredSnapshot::entries(const SourceManifest& source, const Visitor& visit,
                                     const RunContext& context) {
  const auto stream = fetcher_.open_content(source.entry_chunks, context);
  EntryDecoder decoder(*stream);
  std::uint64_t count = 0;
  while (auto entry = TRY(decoder.next())) {
    TRY(context.check_stop());
    ++count;
    TRY(visit(std::move(*entry)));
  }
  if (count == source.entry_count) return {};
  return fail(Code::corrupt, "source " + source.name + " has another number of entries than said");
}

std::unique_ptr<Reader> StoredSnapshot::open_content(ChunkList chunks, const RunContext& context) {
  return fetcher_.open_content(std::move(chunks), context);
}

Result<void> StoredSnapshot::fetch(std::vector<ChunkRequest>& requests, const Deliver& deliver,
                                   const RunContext& context) {
  return fetcher_.fetch(requests, deliver, context);
}

// Asked again when something was not found: then packs that no index lists may hold it.
Result<ChunkFetcher::TablePtr> StoredSnapshot::load_index(const RunContext& context) {
  const auto unlisted = loaded_before_.exchange(true) ? Unlisted::read : Unlisted::leave;
  auto opened = TRY(open_index(store_, {}, unlisted, context));
  for (const auto& each : opened.findings) context.log.warning(each.subject + ": " + each.message);
  return std::move(opened.table);
}

}  // namespace lifeboat::repository
