#pragma once
// Which pack holds a chunk: all index objects of a repository merged into sorted tables in one
// local, memory-mapped file, 24 bytes a chunk. Thread-safe; never changes once open.
#include <filesystem>
#include <optional>

#include "repository/index_object.h"
#include "repository/paged_file.h"
#include "repository/sorted_search.h"

namespace lifeboat::repository {

// One index object as the table wants it. `trusted` when its signer's word on packs' origins
// counts: this writer, a collector or an admin. Only packs of the table's own writer may be
// deduplicated against.
struct LoadedIndex {
  Bytes plain;
  bool trusted = false;
};

// Where a chunk lies: the segment is a number in this table and in every later one that extends it.
struct ChunkPlace {
  std::uint32_t segment = 0;
  std::uint16_t chunk = 0;
};

struct SegmentPlace {
  std::uint32_t pack = 0;
  std::uint32_t birth = 0;
  std::uint32_t offset = 0;
  std::uint16_t chunks = 0;
  SegmentShape shape;
};

struct PackPlace {
  PackName name;
  std::uint64_t size = 0;
  bool trusted = false;
};

// Positions in the sorted table: all places of one chunk lie side by side.
struct ChunkRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool empty() const { return first == last; }
};

class IndexTable {
 public:
  struct Request {
    // The repository's own cache folder; made when absent. What cannot be written there goes to an
    // unlinked temporary file.
    std::filesystem::path cache;
    WriterId owner;                   // whose trust the table records
    std::vector<IndexName> objects;   // all that the repository has now
    std::vector<IndexName> verified;  // those among them that a reader's statement vouches for
    // Nothing for an object that is to be left out, as one that is damaged.
    std::function<Result<std::optional<LoadedIndex>>(const IndexName&)> load;
  };
  // Takes the cached table, adds objects that are new, or builds it anew when one has gone or the
  // cache is damaged.
  static Result<std::shared_ptr<const IndexTable>> open(const Request& request);

  std::uint64_t chunks() const { return sections_.chunks.records; }
  std::uint32_t segments() const { return static_cast<std::uint32_t>(sections_.segments.records); }
  std::uint32_t packs() const { return static_cast<std::uint32_t>(sections_.packs.records); }
  std::uint32_t births() const { return static_cast<std::uint32_t>(sections_.births.records); }

  // A damaged cache is `corrupt` wherever it shows; the file is then removed, and the next run is
  // whole.
  Result<ChunkRange> find(const ChunkId& id) const;
  Result<ChunkPlace> place(std::uint64_t position) const;
  Result<SegmentPlace> segment(std::uint32_t number) const;
  Result<PackPlace> pack(std::uint32_t number) const;
  Result<PackBirth> birth(std::uint32_t number) const;

 private:
  friend class IndexBuilder;
  static constexpr std::uint64_t kVersion = 2;
  struct Sections {
    Section objects;
    Section packs;
    Section births;
    Section segments;
    Section chunks;
  };
  struct Header {
    std::uint64_t version = 0;
    WriterId owner;
    Sections sections;
  };
  struct ObjectRecord {
    IndexName name;
    std::uint32_t trusted = 0;
  };
  struct PackRecord {
    PackName name;
    std::uint64_t size = 0;
    std::uint64_t trusted = 0;
    std::array<std::uint8_t, 32> listing{};  // the hash of what was said to be in it
  };
  struct BirthRecord {
    Salt salt;
    WriterId writer;
    std::uint64_t seq = 0;
    Commitment commitment;
  };
  struct SegmentRecord {
    std::uint32_t pack = 0;
    std::uint32_t birth = 0;
    std::uint32_t offset = 0;
    std::uint32_t number = 0;
    std::uint32_t stored = 0;
    std::uint32_t raw = 0;
    std::uint16_t chunks = 0;
    std::uint16_t method = 0;
  };
  struct ChunkRecord {
    std::array<std::uint64_t, 2>
        prefix{};  // of the id, big-endian words: in the order of its bytes
    std::uint32_t segment = 0;
    std::uint32_t chunk = 0;
    auto operator<=>(const ChunkRecord&) const = default;
  };
  static_assert(sizeof(ChunkRecord) == 24);

  IndexTable(PagedFile file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}
  static Result<std::shared_ptr<const IndexTable>> map(FileDescriptor file, const Request& request,
                                                       std::filesystem::path path);
  template <class Record>
  Result<Record> at(const Section& section, std::uint64_t index) const {
    auto record = file_.at<Record>(section, index);
    if (!record) return give_up(std::move(record).error());
    return record;
  }
  Failure give_up(Error error) const;

  PagedFile file_;
  std::filesystem::path path_;  // empty for a temporary file
  Sections sections_;
};

}  // namespace lifeboat::repository
