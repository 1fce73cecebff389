#include "repository/snapshot_writer.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repository/collect_object.h"
#include "repository/collected.h"
#include "repository/entry_record.h"
#include "repository/index_access.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxMessage = 4096;  // of one finding; readers refuse far longer ones

void exclude(const SegmentSet& sparse, Exclusions& exclusions) {
  sparse.visit([&](const Salt& birth, std::uint32_t number) {
    exclusions.segments.push_back({birth, number});
  });
}

void exclude(const CollectPlan& plan, Exclusions& exclusions) {
  for (const auto* packs : {&plan.drop, &plan.move})
    exclusions.packs.insert(exclusions.packs.end(), packs->begin(), packs->end());
  exclude(plan.sparse, exclusions);
}

// What a damaged one names was there before this session; what this session stores was not.
Result<Exclusions> read_collections(const Store& store, const RunContext& context) {
  Exclusions exclusions;
  const auto outstanding = TRY(outstanding_collections(store));
  for (const auto& plan : outstanding.plans) exclude(plan, exclusions);
  for (const auto& each : outstanding.damaged) {
    exclusions.everything = true;
    context.log.warning(each.error.describe() +
                        ": a prune began this and did not finish, and nobody can tell what it "
                        "removes. So this backup stores everything again; `lifeboat verify` tells "
                        "what to do");
  }
  exclude(TRY(read_collected(store)).sparse, exclusions);
  return exclusions;
}

// An index object may name packs that are long gone or another size: it comes from a collector that
// was late, the pack is damaged, or it is a lie.
Result<void> exclude_absent(const Store& store, const IndexTable& table, Exclusions& exclusions) {
  std::vector<std::pair<PackName, std::uint64_t>> present;
  TRY(store.backend->list(std::string(kPacksName), [&](const auto& info) -> Result<void> {
    if (const auto name = parse_pack_key(info.key)) present.emplace_back(*name, info.size);
    return {};
  }));
  std::ranges::sort(present);
  for (std::uint32_t i = 0; i < table.packs(); ++i) {
    const auto pack = TRY(table.pack(i));
    if (!pack.trusted) continue;
    if (!std::ranges::binary_search(present, std::pair(pack.name, pack.size)))
      exclusions.packs.push_back(pack.name);
  }
  return {};
}

// In this order: collections, then the index, then the packs that are there.
Result<ChunkWriter::Setup> prepare(const Store& store, const Session& session,
                                   const RunContext& context) {
  auto exclusions = TRY(read_collections(store, context));
  const auto verified = TRY(load_statements(store, "verified")).statements;
  const auto damaged = damaged_packs(verified);
  exclusions.packs.insert(exclusions.packs.end(), damaged.begin(), damaged.end());
  auto index = TRY(open_index(store, verified_indexes(verified), Unlisted::leave, context));
  TRY(exclude_absent(store, *index.table, exclusions));
  for (const auto& each : index.findings) context.log.warning(each.subject + ": " + each.message);
  return ChunkWriter::Setup{*store.backend,         store.keys,
                            session.ref(),          session.key().clone(),
                            std::move(index.table), std::move(exclusions),
                            store.options,          store.cache};
}

void shorten(std::string& text) {
  if (text.size() > kMaxMessage) text = text.substr(0, kMaxMessage) + " …";
}

Result<void> require_readable(const SnapshotHead& head, const SnapshotBody& body) {
  TRY_CONTEXT("the snapshot's head", decode_head(encode_head(head)));
  TRY_CONTEXT("the snapshot's body", decode_body(encode_body(body)));
  return {};
}

}  // namespace

Result<std::unique_ptr<SessionWriter>> SessionWriter::open(const Store& store,
                                                           const SnapshotDraft& draft,
                                                           const RunContext& context) {
  const Session::About about{{draft.host, draft.service, draft.version}, draft.patience};
  auto session = TRY(Session::open(store, about, context));
  std::unique_ptr<SessionWriter> writer(new SessionWriter(store, draft, std::move(session)));
  auto setup = TRY(prepare(store, writer->session_, context));
  writer->chunks_ = TRY(ChunkWriter::open(std::move(setup), context));
  return writer;
}

Result<StoredStream> SessionWriter::add_stream(const StreamHint& hint, Reader& content,
                                               const RunContext& context) {
  return chunks_->add_stream(hint, content, context);
}

Result<std::size_t> SessionWriter::begin_source(const std::string& name, const std::string& type) {
  const std::scoped_lock lock(guard_);
  auto& source = sources_.emplace_back();
  source.manifest.name = name;
  source.manifest.type = type;
  source.entries = chunks_->open_stream({Profile::db_stream, 0, 0});
  return sources_.size() - 1;
}

Result<SessionWriter::OpenSource*> SessionWriter::find_source(std::size_t number) {
  const std::scoped_lock lock(guard_);
  if (number >= sources_.size() || !sources_[number].entries)
    return fail(Code::internal, "a source that was not begun, or is finished");
  return &sources_[number];
}

Result<void> SessionWriter::add_entry(std::size_t source, const EntryRecord& entry,
                                      const RunContext& context) {
  auto& into = *TRY(find_source(source));
  TRY(into.entries->write(TRY(encode_entry(entry)), context));
  ++into.manifest.entry_count;
  for (const auto& chunk : entry.chunks) into.bytes += chunk.length;
  return {};
}

Result<void> SessionWriter::finish_source(std::size_t source, SourceEnd end,
                                          const RunContext& context) {
  auto& into = *TRY(find_source(source));
  auto stored = TRY(into.entries->finish(context));
  into.entries.reset();
  auto& manifest = into.manifest;
  manifest.entry_chunks = std::move(stored.chunks);
  manifest.position = std::move(end.position);
  manifest.facts = std::move(end.facts);
  manifest.findings = std::move(end.findings);
  into.log = end.log;
  for (auto& each : manifest.findings) shorten(each.message);
  return {};
}

SnapshotHead SessionWriter::make_head(Time time, bool complete) {
  SnapshotHead head;
  auto& info = head.info;
  info.writer = session_.ref().writer;
  info.seq = session_.ref().seq;
  info.service = draft_.service;
  info.host = draft_.host;
  info.version = draft_.version;
  info.labels = draft_.labels;
  info.time = time;
  info.started = session_.started();
  info.complete = complete;
  info.stored = chunks_->stats().bytes_stored;
  for (const auto& each : sources_) {
    info.bytes += each.bytes;
    info.entries += each.manifest.entry_count;
    info.sources.push_back({each.manifest.name, each.manifest.type, each.log});
  }
  return head;
}

Result<Bytes> SessionWriter::seal(SnapshotHead& head, const RunContext& context) {
  SnapshotBody body;
  body.config = draft_.config;
  for (auto& each : sources_) body.sources.push_back(each.manifest);
  auto use = TRY(chunks_->segments_used());
  head.used = std::move(use.used);
  head.thin = std::move(use.thin);
  TRY(require_readable(head, body));
  return make_snapshot(store_.keys, {session_.ref(), session_.key().view(), &head, &body},
                       context.random);
}

// Packs and indexes are durable before the snapshot is: only then is it visible, all at once.
Result<SnapshotInfo> SessionWriter::commit(Time time, bool complete, const RunContext& context) {
  if (committed_) return fail(Code::internal, "the snapshot is committed already");
  for (const auto& each : sources_)
    if (each.entries)
      return fail(Code::internal, "source " + each.manifest.name + " is unfinished");
  TRY(chunks_->flush(context));
  auto head = make_head(time, complete);
  head.seen = TRY(take_census(store_)).seen();
  const auto object = TRY(seal(head, context));
  TRY(context.check_stop());
  TRY(put_end(object));
  committed_ = true;
  auto seen = std::move(head.seen);
  std::erase(seen[session_.ref().writer].open, session_.ref().seq);
  if (const auto kept = write_memory(store_.cache, seen); !kept)
    context.log.warning("cannot remember what was seen: " + kept.error().describe());
  session_.ended(store_);
  head.info.id = TRY(SnapshotId::from(crypto::sha256(object).view()));
  head.info.first_stored = context.clock.now();
  return std::move(head.info);
}

Result<void> SessionWriter::put_end(ByteView object) {
  const auto key = snapshot_key(session_.ref());
  auto put = store_.backend->put(key, object);
  if (put || put.error().code() != Code::exists) return put;
  return explain_end();
}

Failure SessionWriter::explain_end() {
  const auto key = snapshot_key(session_.ref());
  session_.ended(store_);
  const auto object = storage::get_whole(*store_.backend, key, kMaxSnapshot);
  if (!object) return fail(object.error());
  if (!strip_prefix(*object, ObjectType::void_))
    return fail(Code::corrupt, "something else lies at " + key + ", where this backup commits");
  return fail(Error(Code::session_voided, "a collection ended this backup's session")
                  .with_hint("Run the backup again: what is stored is not stored twice."));
}

}  // namespace lifeboat::repository
