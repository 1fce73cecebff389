#pragma once
// Makes index tables: the cached one when it is still right, else extended or built from index
// objects, with sorted runs on disk so that memory does not grow with the repository. Used once, by
// one thread.
#include <unordered_map>
#include <unordered_set>

#include "repository/index_table.h"
#include "repository/scratch_file.h"

namespace lifeboat::repository {

class IndexBuilder {
 public:
  explicit IndexBuilder(const IndexTable::Request& request) : request_(request) {}
  Result<std::shared_ptr<const IndexTable>> open();

 private:
  using Table = std::shared_ptr<const IndexTable>;
  // The hash of a pack's name and what an index says is in it, or of a birth.
  using Said = Id<struct SaidTag, 32>;
  class Merge;

  Table open_cached();
  Result<void> read_objects(const IndexTable& table);
  std::vector<IndexName> missing(bool& gone) const;
  Result<Table> build(Table base, const std::vector<IndexName>& names);

  static Said said_of(const PackListing& pack);
  static Said said_of(const PackBirth& birth);
  Result<void> take_base();
  Result<void> add_object(const IndexName& name);
  Result<void> add_pack(const PackListing& pack, const PackDirectory& directory, bool trusted);
  Result<std::uint32_t> birth_number(const PackBirth& birth);
  Result<void> add_chunks(const PackDirectory& directory, std::uint32_t first_segment);
  Result<void> end_run();

  Result<Table> write();
  Result<void> write_sections(PagedWriter& writer, IndexTable::Header& header);
  template <class Record>
  Result<Section> copy_section(PagedWriter& writer, const Section& base, const ScratchFile& more);
  Result<Section> merge_chunks(PagedWriter& writer);

  const IndexTable::Request& request_;
  std::unordered_map<IndexName, bool, IdHash> objects_;  // in the table, and whether trusted
  Table base_;
  std::unordered_map<Said, bool, IdHash> packs_;  // known, and whether by a trusted listing
  std::unordered_map<Said, std::uint32_t, IdHash> births_;
  std::uint64_t segments_ = 0;
  std::uint64_t pack_count_ = 0;
  std::optional<ScratchFile> new_packs_;
  std::optional<ScratchFile> new_births_;
  std::optional<ScratchFile> new_segments_;
  std::optional<ScratchFile> new_chunks_;
  std::vector<IndexTable::ChunkRecord> run_;
  std::vector<std::uint64_t> run_ends_;  // in records of new_chunks_
};

}  // namespace lifeboat::repository
