#include "repository/chunk_fetcher.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>

#include "base/counted.h"
#include "crypto/hash.h"
#include "repository/chunk_content.h"
#include "repository/segment_opener.h"

namespace lifeboat::repository {
namespace {

// One range read: long enough to be worth a request, short enough to bound memory.
constexpr std::uint64_t kMaxRange = 8U << 20U;
constexpr std::uint64_t kMaxGap = 64U << 10U;

// A request with the place where its chunk lies.
struct Wanted {
  std::uint32_t pack = 0;
  std::uint32_t offset = 0;
  std::uint32_t segment = 0;
  std::uint16_t chunk = 0;
  const ChunkRequest* request = nullptr;

  bool operator<(const Wanted& other) const {
    return std::tie(pack, offset, chunk) < std::tie(other.pack, other.offset, other.chunk);
  }
};

// Segments that lie near each other in one pack, read at once.
struct Span {
  std::size_t first = 0;  // into the sorted list of what is wanted
  std::size_t last = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Where a chunk was looked for in vain. Of a pack that differs from what one index says, another
// may still tell the truth, so a place is the chunk and all that was said of where it lies.
using Place = std::array<std::uint8_t, 32>;

struct Avoid {
  std::set<PackName> packs;  // that are not there at all
  std::set<Place> places;
  std::size_t size() const { return packs.size() + places.size(); }
};

Place place_of(const Wanted& wanted, const PackName& pack, const SegmentPlace& segment,
               const PackBirth& birth) {
  ByteWriter said;
  said.raw(wanted.request->chunk.id.view()).u16(wanted.chunk);
  said.raw(pack.view()).u32(segment.offset).u32(segment.shape.number).u32(segment.shape.stored);
  said.u32(segment.shape.raw).u8(static_cast<std::uint8_t>(segment.shape.method));
  said.raw(birth.salt.view()).raw(birth.session.writer.view()).u64(birth.session.seq);
  said.raw(birth.commitment.view());
  return crypto::sha256(said.bytes()).bytes;
}

}  // namespace

// One try at all requests with one index; what fails is left for the next.
class ChunkFetcher::Pass {
 public:
  Pass(ChunkFetcher& fetcher, TablePtr table, const SnapshotReader::Deliver& deliver,
       const RunContext& context)
      : fetcher_(fetcher), table_(std::move(table)), deliver_(deliver), context_(context) {}

  // Places of `avoid` are used only when there is no other.
  Result<void> run(const std::vector<const ChunkRequest*>& requests, const Avoid& avoid) {
    for (const auto* request : requests) TRY(locate(*request, avoid));
    std::sort(wanted_.begin(), wanted_.end());
    const auto spans = TRY(make_spans());
    std::vector<Result<void>> outcomes(spans.size());
    tbb::parallel_for(std::size_t{0}, spans.size(), [&](std::size_t i) {
      if (!stopped_) outcomes[i] = read_span(spans[i]);
      if (!outcomes[i]) stopped_ = true;
    });
    for (auto& outcome : outcomes) TRY(std::move(outcome));
    return {};
  }

  std::vector<const ChunkRequest*> failed;
  Avoid failed_places;
  std::optional<Error> first_error;

 private:
  // What one thread keeps from span to span: memory is dear to touch the first time.
  struct Lane {
    Lane(const RepositoryId& repository, SessionKeys& sessions, ByteView id_key)
        : opener(repository, sessions), hmac(id_key) {}
    SegmentOpener opener;
    crypto::Hmac hmac;
    Bytes bytes;
  };

  Result<bool> is_avoided(const Avoid& avoid, const Wanted& wanted) const {
    if (avoid.size() == 0) return false;
    const auto segment = TRY(table_->segment(wanted.segment));
    const auto pack = TRY(table_->pack(segment.pack)).name;
    if (avoid.packs.contains(pack)) return true;
    const auto birth = TRY(table_->birth(segment.birth));
    return avoid.places.contains(place_of(wanted, pack, segment, birth));
  }

  Result<void> locate(const ChunkRequest& request, const Avoid& avoid) {
    const auto range = TRY(table_->find(request.chunk.id));
    std::optional<Wanted> chosen;
    for (auto at = range.first; at != range.last; ++at) {
      const auto place = TRY(table_->place(at));
      const auto segment = TRY(table_->segment(place.segment));
      const Wanted here{segment.pack, segment.offset, place.segment, place.chunk, &request};
      const bool avoided = TRY(is_avoided(avoid, here));
      if (chosen && avoided) continue;
      chosen = here;
      if (!avoided) break;
    }
    if (chosen) {
      wanted_.push_back(*chosen);
    } else {
      note_failure(request, Error(Code::damage_found, "no pack holds it"));
    }
    return {};
  }

  Result<std::vector<Span>> make_spans() const {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const auto segment = TRY(table_->segment(wanted_[i].segment));
      const std::uint64_t begin = segment.offset;
      const std::uint64_t end = begin + segment.shape.stored;
      const bool joins = !spans.empty() && wanted_[i - 1].pack == wanted_[i].pack &&
                         begin <= spans.back().end + kMaxGap &&
                         (end <= spans.back().begin + kMaxRange || end <= spans.back().end);
      if (!joins) spans.push_back({i, i, begin, end});
      spans.back().last = i + 1;
      spans.back().end = std::max(spans.back().end, end);
    }
    return spans;
  }

  Result<void> read_span(const Span& span) {
    TRY(context_.check_stop());
    auto& lane = lanes_.local();
    const auto pack = TRY(table_->pack(wanted_[span.first].pack));
    const auto got =
        fetcher_.backend_.get(pack_key(pack.name), {span.begin, span.end - span.begin}, lane.bytes);
    if (!got && !is_damage(got.error())) return got;
    if (!got && got.error().code() == Code::not_found) {
      const std::scoped_lock lock(mutex_);
      failed_places.packs.insert(pack.name);
    }
    if (!got) return fail_all(span.first, span.last, pack.name, got.error());
    for (std::size_t i = span.first; i < span.last;) {
      auto next = i;
      while (next < span.last && wanted_[next].offset == wanted_[i].offset) ++next;
      TRY(open_segment(lane, span, {i, next}, pack.name));
      i = next;
    }
    return {};
  }

  Result<void> open_segment(Lane& lane, const Span& span, std::pair<std::size_t, std::size_t> which,
                            const PackName& pack) {
    const auto segment = TRY(table_->segment(wanted_[which.first].segment));
    const auto from = segment.offset - span.begin;
    if (from + segment.shape.stored > lane.bytes.size())
      return fail_all(which.first, which.second, pack,
                      Error(Code::corrupt, "the pack is too short"));
    const auto birth = TRY(table_->birth(segment.birth));
    const auto stored = ByteView(lane.bytes).subspan(from, segment.shape.stored);
    const auto chunks = lane.opener.open(birth, segment.shape, stored);
    if (!chunks && !is_damage(chunks.error())) return fail(chunks.error());
    if (!chunks) return fail_all(which.first, which.second, pack, chunks.error());
    for (auto i = which.first; i < which.second; ++i)
      TRY(deliver_chunk(lane, wanted_[i], *chunks, pack));
    return {};
  }

  // The identity is computed anew from what was opened: it is what the caller asked for, or
  // nothing.
  Result<void> deliver_chunk(Lane& lane, const Wanted& wanted, std::span<const ByteView> chunks,
                             const PackName& pack) {
    const auto& request = *wanted.request;
    if (wanted.chunk >= chunks.size() || chunks[wanted.chunk].size() != request.chunk.length)
      return fail_one(wanted, pack, Error(Code::corrupt, "the segment holds another chunk there"));
    const auto chunk = chunks[wanted.chunk];
    if (lane.hmac.digest(chunk).bytes != request.chunk.id.bytes)
      return fail_one(wanted, pack, Error(Code::corrupt, "the chunk has another identity"));
    return deliver_(request.tag, chunk);
  }

  // A wrong commitment of one segment is damage of that place; a role without keys fails otherwise.
  bool is_damage(const Error& error) const {
    const auto code = error.code();
    if (code == Code::wrong_key || code == Code::unsupported_format)
      return !fetcher_.keys_.box_seed.empty();
    return code == Code::corrupt || code == Code::not_found;
  }

  Result<void> fail_all(std::size_t first, std::size_t last, const PackName& pack,
                        const Error& error) {
    for (auto i = first; i < last; ++i) TRY(fail_one(wanted_[i], pack, error));
    return {};
  }

  Result<void> fail_one(const Wanted& wanted, const PackName& pack, Error error) {
    const auto segment = TRY(table_->segment(wanted.segment));
    const auto birth = TRY(table_->birth(segment.birth));
    const std::scoped_lock lock(mutex_);
    failed_places.places.insert(place_of(wanted, pack, segment, birth));
    note_failure(*wanted.request, std::move(error).add_context(pack_key(pack)));
    return {};
  }

  void note_failure(const ChunkRequest& request, Error error) {
    failed.push_back(&request);
    if (!first_error)
      first_error = std::move(error).add_context("chunk " + request.chunk.id.hex().substr(0, 16));
  }

  ChunkFetcher& fetcher_;
  TablePtr table_;
  const SnapshotReader::Deliver& deliver_;
  const RunContext& context_;
  std::vector<Wanted> wanted_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // for what failed
  tbb::enumerable_thread_specific<Lane> lanes_{[this] {
    return Lane(fetcher_.keys_.repository, fetcher_.sessions_, fetcher_.keys_.chunk_id.view());
  }};
};

Result<void> ChunkFetcher::fetch(std::vector<ChunkRequest>& requests,
                                 const SnapshotReader::Deliver& deliver,
                                 const RunContext& context) {
  std::vector<const ChunkRequest*> open;
  open.reserve(requests.size());
  for (const auto& request : requests) open.push_back(&request);
  Avoid avoid;
  auto index = TRY(table(context));
  for (int tries = 0;; ++tries) {
    Pass pass(*this, index, deliver, context);
    TRY(pass.run(open, avoid));
    if (pass.failed.empty()) return {};
    const auto known = avoid.size();
    avoid.packs.merge(pass.failed_places.packs);
    avoid.places.merge(pass.failed_places.places);
    // At first the index may be old; then every place that it names is tried before giving up.
    if (tries > 0 && avoid.size() == known)
      return fail(Code::damage_found, counted(pass.failed.size(), "chunk", "chunks") +
                                          " cannot be read; first " + pass.first_error->describe());
    index = TRY(reload(context));
    open = std::move(pass.failed);
  }
}

std::unique_ptr<Reader> ChunkFetcher::open_content(ChunkList chunks, const RunContext& context) {
  return std::make_unique<ChunkContent>(*this, std::move(chunks), context);
}

Result<ChunkFetcher::TablePtr> ChunkFetcher::table(const RunContext& context) {
  {
    const std::scoped_lock lock(mutex_);
    if (table_) return table_;
  }
  return reload(context);
}

Result<ChunkFetcher::TablePtr> ChunkFetcher::reload(const RunContext& context) {
  auto fresh = TRY(load_(context));
  const std::scoped_lock lock(mutex_);
  table_ = fresh;
  return fresh;
}

}  // namespace lifeboat::repository
