#include "repository/chunk_writer.h"

#include <algorithm>
#include <thread>
#include <unordered_set>

#include "repository/damage.h"
#include "repository/stream_pipeline.h"

namespace lifeboat::repository {
namespace {

// So much of a stream is stored in the calling thread before others are called to help.
constexpr std::uint64_t kSerialBytes = 8U << 20U;
// What is new in a batch of at least this size becomes a segment as it lies.
constexpr std::size_t kWholeBatch = 256U << 10U;

std::size_t workers_of(const Options& options) {
  if (options.workers > 0) return options.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

ChunkWriter::ChunkWriter(Setup setup)
    : setup_(std::move(setup)),
      gear_(gear_table(setup_.keys.cut)),
      journal_(setup_.cache, setup_.session),
      sink_({setup_.backend, setup_.keys, setup_.session, journal_}),
      new_chunks_(setup_.cache),
      workers_(workers_of(setup_.options)),
      lanes_(workers_,
             [this] {
               return std::make_unique<Lane>(
                   Lane::Setup{setup_.keys, setup_.session_key.view(), sink_, setup_.options});
             }),
      buffers_(SIZE_MAX, [] { return std::make_unique<SegmentBuffer>(kCutterBuffer); }) {}

Result<std::unique_ptr<ChunkWriter>> ChunkWriter::open(Setup setup, const RunContext& context) {
  if (setup.keys.chunk_id.empty() || setup.keys.cut.empty())
    return fail(Code::wrong_key, "this key may not write backups");
  std::unique_ptr<ChunkWriter> writer(new ChunkWriter(std::move(setup)));
  const auto& [table, exclusions] = std::tie(writer->setup_.index, writer->setup_.exclusions);
  writer->known_.push_back(TRY(KnownChunks::make(table, exclusions)));
  TRY(writer->recover(context));
  return writer;
}

// They become a small table beside the repository's, and are listed by the next index.
Result<void> ChunkWriter::recover(const RunContext& context) {
  std::unordered_set<PackName, IdHash> names(journal_.left_behind().begin(),
                                             journal_.left_behind().end());
  if (names.empty() || setup_.exclusions.everything) return {};
  for (const auto& excluded : setup_.exclusions.packs) names.erase(excluded);
  for (std::uint32_t i = 0; i < setup_.index->packs(); ++i)
    names.erase(TRY(setup_.index->pack(i)).name);
  IndexText text;
  for (const auto& name : names) TRY(recover_pack(name, text, context));
  IndexTable::Request request;
  request.owner = setup_.keys.writer;
  request.objects = {IndexName{}};
  request.load = [&](const IndexName&) -> Result<std::optional<LoadedIndex>> {
    return LoadedIndex{to_bytes(text.bytes()), true};
  };
  const auto table = TRY(IndexTable::open(request));
  known_.push_back(TRY(KnownChunks::make(table, setup_.exclusions)));
  return {};
}

Result<void> ChunkWriter::recover_pack(const PackName& name, IndexText& text,
                                       const RunContext& context) {
  TRY(context.check_stop());
  const auto contents = read_pack_directory(setup_.backend, setup_.keys, name);
  if (contents) {
    text.add({name, contents->size, contents->plain, setup_.keys.writer});
    return sink_.list(name, *contents);
  }
  if (contents.error().code() == Code::not_found) return {};
  if (!is_broken(contents.error())) return fail(contents.error());
  context.log.warning("not used again: " + contents.error().describe());
  return {};
}

Result<StoredStream> ChunkWriter::add_stream(const StreamHint& hint, Reader& content,
                                             const RunContext& context) {
  StoredStream stored;
  StreamCutter cutter(gear_, hint);
  auto buffer = buffers_.take();
  buffer->reset();
  std::uint64_t until_help = kSerialBytes;
  while (!cutter.ended()) {
    TRY(context.check_stop());
    TRY(cutter.fill(*buffer, content));
    const auto size = buffer->content_size();
    TRY(store_batch(*buffer, stored.chunks, context));
    stored.size += size;
    until_help -= std::min<std::uint64_t>(size, until_help);
    if (cutter.ended() || until_help > 0) continue;
    // One stream has helpers at a time; others get on by themselves and ask again.
    until_help = kSerialBytes;
    if (workers_ == 1 || pipeline_busy_.exchange(true)) continue;
    StreamPipeline pipeline({cutter, content, context, buffers_, workers_ + 1});
    const auto store = [&](SegmentBuffer& batch, ChunkList& chunks) {
      return store_batch(batch, chunks, context);
    };
    auto done = pipeline.run(*buffer, store, stored);
    pipeline_busy_ = false;
    TRY(std::move(done));
  }
  return stored;
}

Result<void> ChunkWriter::store_batch(SegmentBuffer& batch, ChunkList& chunks,
                                      const RunContext& context) {
  TRY(check_usable());
  bytes_read_ += batch.content_size();
  auto lane = lanes_.take();
  for (std::size_t i = 0; i < batch.chunks(); ++i) {
    batch.note(i, lane->identify(batch.chunk(i)));
    chunks.push_back({batch.ids()[i], batch.length(i)});
  }
  TRY(keep_error(dedup_and_store(*lane, batch, context)));
  batch.clear();
  return {};
}

Result<void> ChunkWriter::dedup_and_store(Lane& lane, SegmentBuffer& batch,
                                          const RunContext& context) {
  std::vector<std::size_t> fresh;
  for (std::size_t i = 0; i < batch.chunks(); ++i) {
    if (!TRY(is_new(batch.ids()[i]))) continue;
    fresh.push_back(i);
    bytes_new_ += batch.length(i);
  }
  chunks_reused_ += batch.chunks() - fresh.size();
  if (fresh.size() == batch.chunks() && batch.content_size() >= kWholeBatch)
    return store(lane, batch, context);
  for (const auto i : fresh) {
    lane.open().append(batch.noted(i), batch.chunk(i));
    if (lane.open().full(kWholeBatch)) TRY(store(lane, lane.open(), context));
  }
  return {};
}

Result<bool> ChunkWriter::is_new(const ChunkId& id) {
  for (const auto& known : known_)
    if (TRY(known->use(id))) return false;
  return new_chunks_.insert(id);
}

Result<bool> ChunkWriter::is_known(const ChunkId& id) {
  for (const auto& known : known_)
    if (TRY(known->use(id))) return true;
  return new_chunks_.contains(id);
}

Result<void> ChunkWriter::store(Lane& lane, SegmentBuffer& buffer, const RunContext& context) {
  bytes_stored_ += TRY(lane.store(buffer, context.random));
  return {};
}

Result<void> ChunkWriter::check_usable() {
  const std::lock_guard lock(error_guard_);
  if (error_) return fail(*error_);
  return {};
}

Result<void> ChunkWriter::keep_error(Result<void> result) {
  if (result) return result;
  const std::lock_guard lock(error_guard_);
  if (!error_) error_ = result.error();
  return result;
}

ChunkWriter::Stream::Stream(ChunkWriter& writer, const StreamHint& hint)
    : writer_(writer), cutter_(writer.gear_, hint), buffer_(kCutterBuffer) {}

std::unique_ptr<ChunkWriter::Stream> ChunkWriter::open_stream(const StreamHint& hint) {
  return std::unique_ptr<Stream>(new Stream(*this, hint));
}

Result<void> ChunkWriter::Stream::write(ByteView bytes, const RunContext& context) {
  stored_.size += bytes.size();
  while (!bytes.empty()) {
    bytes = bytes.subspan(cutter_.take(buffer_, bytes));
    if (cutter_.full(buffer_)) TRY(writer_.store_batch(buffer_, stored_.chunks, context));
  }
  return {};
}

Result<StoredStream> ChunkWriter::Stream::finish(const RunContext& context) {
  while (!cutter_.ended()) {
    cutter_.end(buffer_);
    TRY(writer_.store_batch(buffer_, stored_.chunks, context));
  }
  return std::move(stored_);
}

bool ChunkWriter::reuse(const ChunkList& chunks) {
  for (const auto& chunk : chunks) {
    const auto known = is_known(chunk.id);
    if (!known || !*known) return false;
  }
  chunks_reused_ += chunks.size();
  return true;
}

Result<void> ChunkWriter::flush(const RunContext& context) {
  TRY(check_usable());
  Result<void> stored;
  lanes_.visit([&](Lane& lane) {
    if (stored && lane.open().chunks() > 0) stored = store(lane, lane.open(), context);
  });
  TRY(keep_error(std::move(stored)));
  return keep_error(sink_.flush(context.random));
}

Result<SegmentUse> ChunkWriter::segments_used() const {
  SegmentUse use;
  for (const auto& known : known_) TRY(known->add_used(use));
  for (const auto& [birth, count] : sink_.births())
    for (std::uint32_t number = 0; number < count; ++number) use.used.add(birth, number);
  return use;
}

WriterStats ChunkWriter::stats() const {
  return {bytes_read_, bytes_new_, bytes_stored_, chunks_reused_, sink_.packs()};
}

}  // namespace lifeboat::repository
