#include "repository/index_builder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <queue>

#include "crypto/hash.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kRun = 512U << 10U;  // chunks sorted in memory at once: 12 MiB
constexpr std::string_view kTableName = "index-table";

}  // namespace

// The smallest of the heads of all runs, and of the table that is extended.
class IndexBuilder::Merge {
 public:
  using Record = IndexTable::ChunkRecord;

  Result<void> add(RecordCursor<Record> run) {
    runs_.push_back(std::move(run));
    return refill(runs_.size() - 1);
  }
  bool empty() const { return heads_.empty(); }
  Result<Record> next() {
    const auto [record, run] = heads_.top();
    heads_.pop();
    TRY(refill(run));
    return record;
  }

 private:
  using Head = std::pair<Record, std::size_t>;

  Result<void> refill(std::size_t run) {
    if (runs_[run].at_end()) return {};
    heads_.emplace(TRY(runs_[run].next()), run);
    return {};
  }

  std::vector<RecordCursor<Record>> runs_;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads_;
};

Result<std::shared_ptr<const IndexTable>> IndexBuilder::open() {
  auto table = open_cached();
  if (table && !read_objects(*table)) table = nullptr;
  if (!table) return build(nullptr, request_.objects);
  bool gone = false;
  const auto names = missing(gone);
  if (gone) return build(nullptr, request_.objects);
  return names.empty() ? table : build(std::move(table), names);
}

// Whatever is wrong with the cache only means that it is made again.
IndexBuilder::Table IndexBuilder::open_cached() {
  if (request_.cache.empty()) return nullptr;
  const auto path = request_.cache / kTableName;
  auto file = open_file(path, O_RDONLY | O_CLOEXEC);
  if (!file) return nullptr;
  auto table = IndexTable::map(std::move(*file), request_, path);
  return table ? *table : nullptr;
}

Result<void> IndexBuilder::read_objects(const IndexTable& table) {
  const auto& section = table.sections_.objects;
  for (std::uint64_t i = 0; i < section.records; ++i) {
    const auto record = TRY(table.at<IndexTable::ObjectRecord>(section, i));
    objects_[record.name] = record.trusted != 0;
  }
  return {};
}

// Objects to be read; also one that was read before it was vouched for.
std::vector<IndexName> IndexBuilder::missing(bool& gone) const {
  std::vector<IndexName> names;
  std::size_t present = 0;
  for (const auto& name : request_.objects) {
    const auto found = objects_.find(name);
    if (found != objects_.end()) ++present;
    const bool vouched = std::ranges::find(request_.verified, name) != request_.verified.end();
    if (found == objects_.end() || (vouched && !found->second)) names.push_back(name);
  }
  gone = present != objects_.size();
  return names;
}

Result<IndexBuilder::Table> IndexBuilder::build(Table base, const std::vector<IndexName>& names) {
  base_ = std::move(base);
  if (!base_) objects_.clear();
  std::ignore = make_directories(request_.cache);
  new_packs_ = TRY(ScratchFile::make(request_.cache));
  new_births_ = TRY(ScratchFile::make(request_.cache));
  new_segments_ = TRY(ScratchFile::make(request_.cache));
  new_chunks_ = TRY(ScratchFile::make(request_.cache));
  TRY(take_base());
  for (const auto& name : names) TRY(add_object(name));
  TRY(end_run());
  return write();
}

IndexBuilder::Said IndexBuilder::said_of(const PackListing& pack) {
  ByteWriter text;
  text.raw(pack.name.view()).u64(pack.size).raw(crypto::sha256(pack.directory).view());
  return Said{crypto::sha256(text.bytes()).bytes};
}

IndexBuilder::Said IndexBuilder::said_of(const PackBirth& birth) {
  ByteWriter text;
  text.raw(birth.salt.view()).raw(birth.session.writer.view()).u64(birth.session.seq);
  text.raw(birth.commitment.view());
  return Said{crypto::sha256(text.bytes()).bytes};
}

Result<void> IndexBuilder::take_base() {
  if (!base_) return {};
  pack_count_ = base_->packs();
  segments_ = base_->segments();
  for (std::uint32_t i = 0; i < base_->packs(); ++i) {
    const auto pack = TRY(base_->at<IndexTable::PackRecord>(base_->sections_.packs, i));
    auto& trusted = packs_[Said{pack.listing}];
    trusted = trusted || pack.trusted != 0;
  }
  for (std::uint32_t i = 0; i < base_->births(); ++i) births_[said_of(TRY(base_->birth(i)))] = i;
  return {};
}

Result<void> IndexBuilder::add_object(const IndexName& name) {
  const auto loaded = TRY_CONTEXT("index " + name.hex(), request_.load(name));
  if (!loaded) return {};
  const bool verified = std::ranges::find(request_.verified, name) != request_.verified.end();
  objects_[name] = loaded->trusted || verified;
  const auto add = [&](const PackListing& pack, const PackDirectory& directory) {
    const bool own = loaded->trusted && pack.origin == request_.owner;
    return add_pack(pack, directory, own || verified);
  };
  TRY_CONTEXT("index " + name.hex(), parse_index(loaded->plain, add));
  return {};
}

// Where listings of one pack differ all are kept, and readers try each: another writer could have
// lied about it. What an untrusted one says never stands in the way of a trusted one.
Result<void> IndexBuilder::add_pack(const PackListing& pack, const PackDirectory& directory,
                                    bool trusted) {
  const auto listing = said_of(pack);
  const auto [known, fresh] = packs_.try_emplace(listing, trusted);
  if (!fresh && (known->second || !trusted)) return {};
  known->second = trusted;
  const auto number = static_cast<std::uint32_t>(pack_count_++);
  TRY(new_packs_->add(IndexTable::PackRecord{pack.name, pack.size, trusted, listing.bytes}));
  const auto first_segment = static_cast<std::uint32_t>(segments_);
  if (segments_ + directory.segments.size() > UINT32_MAX)
    return fail(Code::unsupported_format, "a repository of more segments than fit in an index");
  for (const auto& segment : directory.segments) {
    const auto birth = TRY(birth_number(directory.births[segment.birth]));
    TRY(new_segments_->add(IndexTable::SegmentRecord{
        number, birth, segment.offset, segment.shape.number, segment.shape.stored,
        segment.shape.raw, segment.chunks, static_cast<std::uint16_t>(segment.shape.method)}));
    ++segments_;
  }
  return add_chunks(directory, first_segment);
}

Result<std::uint32_t> IndexBuilder::birth_number(const PackBirth& birth) {
  const auto [known, fresh] =
      births_.try_emplace(said_of(birth), static_cast<std::uint32_t>(births_.size()));
  if (fresh)
    TRY(new_births_->add(IndexTable::BirthRecord{birth.salt, birth.session.writer,
                                                 birth.session.seq, birth.commitment}));
  return known->second;
}

Result<void> IndexBuilder::add_chunks(const PackDirectory& directory, std::uint32_t first_segment) {
  for (std::size_t i = 0; i < directory.segments.size(); ++i) {
    std::uint32_t number = 0;
    for (const auto& id : directory.ids_of(directory.segments[i])) {
      run_.push_back({prefix_of(id), first_segment + static_cast<std::uint32_t>(i), number++});
      if (run_.size() == kRun) TRY(end_run());
    }
  }
  return {};
}

Result<void> IndexBuilder::end_run() {
  std::ranges::sort(run_);
  for (const auto& record : run_) TRY(new_chunks_->add(record));
  run_ends_.push_back(new_chunks_->size() / sizeof(IndexTable::ChunkRecord));
  run_.clear();
  return {};
}

// Under a temporary name first: whoever has the old table open keeps it.
Result<IndexBuilder::Table> IndexBuilder::write() {
  run_.shrink_to_fit();
  for (auto* file : {&new_packs_, &new_births_, &new_segments_, &new_chunks_})
    TRY((*file)->flush());
  const auto path = request_.cache / kTableName;
  auto temporary = (request_.cache / ".index-table-XXXXXX").string();
  FileDescriptor file(request_.cache.empty() ? -1 : ::mkostemp(temporary.data(), O_CLOEXEC));
  const bool named = static_cast<bool>(file);
  if (!named) file = TRY(open_unnamed_file({}));
  PagedWriter writer(file.get());
  IndexTable::Header header{IndexTable::kVersion, request_.owner, {}};
  auto written = write_sections(writer, header);
  if (written)
    written = writer.finish({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  if (named && (!written || ::rename(temporary.c_str(), path.c_str()) != 0))
    ::unlink(temporary.c_str());
  TRY(std::move(written));
  return IndexTable::map(std::move(file), request_, named ? path : std::filesystem::path());
}

Result<void> IndexBuilder::write_sections(PagedWriter& writer, IndexTable::Header& header) {
  for (const auto& [name, trusted] : objects_)
    TRY(writer.add(IndexTable::ObjectRecord{name, trusted ? 1U : 0U}));
  auto& to = header.sections;
  const auto from = base_ ? base_->sections_ : IndexTable::Sections{};
  to.objects = TRY(writer.end_section());
  to.packs = TRY(copy_section<IndexTable::PackRecord>(writer, from.packs, *new_packs_));
  to.births = TRY(copy_section<IndexTable::BirthRecord>(writer, from.births, *new_births_));
  to.segments = TRY(copy_section<IndexTable::SegmentRecord>(writer, from.segments, *new_segments_));
  to.chunks = TRY(merge_chunks(writer));
  return {};
}

template <class Record>
Result<Section> IndexBuilder::copy_section(PagedWriter& writer, const Section& base,
                                           const ScratchFile& more) {
  for (std::uint64_t i = 0; i < base.records; ++i) TRY(writer.add(TRY(base_->at<Record>(base, i))));
  RecordCursor<Record> cursor(more.descriptor(), 0, more.size() / sizeof(Record));
  while (!cursor.at_end()) TRY(writer.add(TRY(cursor.next())));
  return writer.end_section();
}

Result<Section> IndexBuilder::merge_chunks(PagedWriter& writer) {
  using Record = IndexTable::ChunkRecord;
  Merge merge;
  std::uint64_t begin = 0;
  for (const auto end : run_ends_) {
    TRY(merge.add(RecordCursor<Record>(new_chunks_->descriptor(), begin, end)));
    begin = end;
  }
  std::uint64_t from_base = 0;
  const auto base_size = base_ ? base_->chunks() : 0;
  std::optional<Record> new_one;
  while (from_base < base_size || new_one || !merge.empty()) {
    if (!new_one && !merge.empty()) new_one = TRY(merge.next());
    const auto old_one =
        from_base < base_size
            ? std::optional(TRY(base_->at<Record>(base_->sections_.chunks, from_base)))
            : std::nullopt;
    const bool take_old = old_one && (!new_one || *old_one < *new_one);
    TRY(writer.add(take_old ? *old_one : *new_one));
    if (take_old)
      ++from_base;
    else
      new_one.reset();
  }
  return writer.end_section();
}

}  // namespace lifeboat::repository
