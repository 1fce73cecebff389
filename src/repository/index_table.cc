#include "repository/index_table.h"

#include "repository/index_builder.h"

namespace lifeboat::repository {

Failure IndexTable::give_up(Error error) const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
  return fail(std::move(error)
                  .add_context("index table")
                  .with_hint("The table was removed. Run the command again: it is built anew."));
}

Result<ChunkRange> IndexTable::find(const ChunkId& id) const {
  const auto prefix = prefix_of(id);
  const auto get = [&](std::uint64_t index) -> Result<ChunkPrefix> {
    return TRY(at<ChunkRecord>(sections_.chunks, index)).prefix;
  };
  const auto first = TRY(sorted_lower_bound(chunks(), prefix, get));
  auto last = first;
  while (last < chunks() && TRY(get(last)) == prefix) ++last;
  return ChunkRange{first, last};
}

Result<ChunkPlace> IndexTable::place(std::uint64_t position) const {
  const auto record = TRY(at<ChunkRecord>(sections_.chunks, position));
  return ChunkPlace{record.segment, static_cast<std::uint16_t>(record.chunk)};
}

Result<SegmentPlace> IndexTable::segment(std::uint32_t number) const {
  const auto record = TRY(at<SegmentRecord>(sections_.segments, number));
  return SegmentPlace{
      record.pack,
      record.birth,
      record.offset,
      record.chunks,
      {record.number, record.stored, record.raw, static_cast<Method>(record.method)}};
}

Result<PackPlace> IndexTable::pack(std::uint32_t number) const {
  const auto record = TRY(at<PackRecord>(sections_.packs, number));
  return PackPlace{record.name, record.size, record.trusted != 0};
}

Result<PackBirth> IndexTable::birth(std::uint32_t number) const {
  const auto record = TRY(at<BirthRecord>(sections_.births, number));
  return PackBirth{record.salt, {record.writer, record.seq}, record.commitment};
}

Result<std::shared_ptr<const IndexTable>> IndexTable::map(FileDescriptor file,
                                                          const Request& request,
                                                          std::filesystem::path path) {
  auto paged = TRY(PagedFile::open(std::move(file)));
  Header header;
  if (paged.header().size() != sizeof header) return fail(Code::corrupt, "another kind of file");
  std::memcpy(&header, paged.header().data(), sizeof header);
  if (header.version != kVersion || header.owner != request.owner)
    return fail(Code::corrupt, "another kind of index table");
  const auto& sections = header.sections;
  const bool whole =
      paged.holds<ObjectRecord>(sections.objects) && paged.holds<PackRecord>(sections.packs) &&
      paged.holds<BirthRecord>(sections.births) && paged.holds<SegmentRecord>(sections.segments) &&
      paged.holds<ChunkRecord>(sections.chunks);
  if (!whole) return fail(Code::corrupt, "an index table that is larger than its file");
  const std::shared_ptr<IndexTable> table(new IndexTable(std::move(paged), std::move(path)));
  table->sections_ = sections;
  return table;
}

Result<std::shared_ptr<const IndexTable>> IndexTable::open(const Request& request) {
  auto table = IndexBuilder(request).open();
  if (table || table.error().code() != Code::no_space || request.cache.empty()) return table;
  return fail(std::move(table)
                  .error()
                  .add_context("the cache " + request.cache.string())
                  .with_hint("Free some space there, or name another folder in LIFEBOAT_CACHE."));
}

}  // namespace lifeboat::repository
