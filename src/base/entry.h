#pragma once
// What a snapshot is made of, in words that engines and the repository share: entries, their
// content, and findings. Values and one interface; thread-safety is said with each.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace lifeboat {

// How content is best cut for deduplication (docs/format.md, 6.1).
enum class Profile : std::uint8_t { none = 0, db_page = 1, db_stream = 2, tree = 3 };

enum class EntryKind : std::uint8_t {
  file = 1,  // content, restored to the same path
  directory = 2,
  symlink = 3,
  hardlink = 4,  // metadata names the path of the first one
  special = 5,   // fifo, socket or device: recreated where possible
  database = 6,  // one database file, content is its pages
};

// One restorable object within a source.
struct EntryInfo {
  // Relative to the source, '/'-separated, any bytes but NUL; no "." or ".." part. Empty is the
  // source's own folder, an entry of kind directory.
  std::string path;
  EntryKind kind = EntryKind::file;
  std::uint64_t size = 0;        // bytes of content, as far as known before it is read
  std::int64_t modified_ns = 0;  // since 1970 UTC, 0 when there is none
  Bytes metadata;                // the engine's own encoding of modes, owners, attributes …
  Profile profile = Profile::none;
  std::uint32_t unit = 0;  // page size for db_page
};

// What a person must know: something odd that was met, in the words of the report.
struct Finding {
  std::string code;     // stable, e.g. "file-vanished", "file-changed", "file-unreadable"
  std::string subject;  // the object, e.g. the path
  std::string message;
  bool incomplete = false;  // something that should be in the snapshot is not
};

// Sequential content. Used by one thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;
  // Fills `into` as far as content goes; fewer bytes (also 0) only at the end.
  virtual Result<std::size_t> read(ByteSpan into) = 0;
  // After the end: what changed while it was being read.
  virtual std::vector<Finding> finish() { return {}; }
};

}  // namespace lifeboat
