#include "repository/check_entries.h"

#include "crypto/hash.h"
#include "repository/damage.h"
#include "repository/entry_record.h"
#include "repository/snapshot_list.h"

namespace lifeboat::repository {
namespace {

// Unchanged sources have the same list in one snapshot after another.
Bytes identity_of_source(const SourceManifest& source) {
  crypto::Sha256 hash;
  for (const auto& chunk : source.entry_chunks) hash.update(chunk.id.view());
  return to_bytes(hash.finish().view());
}

bool tells_of_the_snapshot(const Error& error) {
  return is_damage_or_absence(error) || error.code() == Code::damage_found;
}

}  // namespace

EntryCheck::EntryCheck(const Store& store, SessionRing& sessions,
                       std::shared_ptr<const IndexTable> table, const SegmentSet& readable)
    : store_(store),
      sessions_(sessions),
      table_(std::move(table)),
      readable_(readable),
      fetcher_(*store.backend, store.keys, sessions,
               [this](const RunContext&) -> Result<ChunkFetcher::TablePtr> { return table_; }) {}

Result<EntryCheck::Walked> EntryCheck::walk(const SessionRef& ref, const RunContext& context) {
  const auto key = snapshot_key(ref);
  const auto object = storage::get_whole(*store_.backend, key, kMaxSnapshot);
  if (!object && object.error().code() == Code::not_found) return Walked{};  // forgotten meanwhile
  Walked walked{crypto::sha256(TRY(object)).hex(), std::nullopt};
  const auto read = read_lists(ref, *object, context);
  if (read) return walked;
  if (!tells_of_the_snapshot(read.error())) return fail(read.error());
  walked.finding = Finding{"snapshot-damaged", key, read.error().describe(), false};
  return walked;
}

Result<void> EntryCheck::read_lists(const SessionRef& ref, ByteView object,
                                    const RunContext& context) {
  const auto key = TRY(sessions_.find(ref));
  const auto body = TRY(read_snapshot_body(store_.keys, ref, object, key->view()));
  for (const auto& source : body.sources)
    if (walked_.insert(identity_of_source(source)).second)
      TRY_CONTEXT("source " + source.name, walk_source(source, context));
  return {};
}

Result<void> EntryCheck::walk_source(const SourceManifest& source, const RunContext& context) {
  TRY(require_all(source.entry_chunks));
  const auto stream = fetcher_.open_content(source.entry_chunks, context);
  EntryDecoder decoder(*stream);
  std::uint64_t count = 0;
  while (const auto entry = TRY(decoder.next())) {
    if (++count % 1024 == 0) TRY(context.check_stop());
    TRY_CONTEXT(entry->info.path, require_all(entry->chunks));
  }
  if (count != source.entry_count)
    return fail(Code::corrupt, "another number of entries than said");
  return {};
}

Result<void> EntryCheck::require_all(const ChunkList& chunks) {
  for (const auto& chunk : chunks)
    if (!TRY(can_read(chunk.id)))
      return fail(Code::damage_found, "chunk " + chunk.id.hex().substr(0, 16) + " is lost");
  return {};
}

Result<bool> EntryCheck::can_read(const ChunkId& id) {
  const auto range = TRY(table_->find(id));
  for (auto at = range.first; at < range.last; ++at) {
    const auto segment = TRY(table_->segment(TRY(table_->place(at)).segment));
    const auto birth = TRY(table_->birth(segment.birth));
    if (readable_.contains(birth.salt, segment.shape.number)) return true;
  }
  return false;
}

}  // namespace lifeboat::repository
