#pragma once
// What mongodump wrote, whichever way: an archive, or a folder of .bson and .metadata.json files,
// plain, gzip or zstd. Untrusted: lengths are checked, links are not followed. Stateless.
#include <limits>

#include "base/file.h"
#include "base/run_context.h"
#include "exchange/archive_reader.h"

namespace lifeboat::exchange::mongodump {

struct DumpPlace {
  fs::path path;
  // Of all files, decoded: what they may be, and what there is room for.
  std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
  // Where the folder of one database lay before it was copied: that is called as the database is,
  // and has its log beside it. Empty: it lies there still.
  fs::path was_at{};
};

// Reads all of it, once: an archive in its own order, a folder by name. The log of a dump
// (--oplog) is the collection "oplog" of no database. `corrupt` for what is damaged or cut short,
// `unsupported_format` for what is no dump, `refused` for links and devices, for more than it may
// hold, for metadata that is more than one keeps, and as refuse_without_buckets(); `no_space`.
Result<void> visit_dump(const DumpPlace& dump, ArchiveVisitor& visitor, const RunContext& context);

// Where the folder of one database lies, or lay: with the log and the folders of the others beside
// it. Empty for any other dump.
Result<fs::path> folder_of_one(const DumpPlace& dump);

// What the metadata of a collection says it is: "collection", "view", "timeseries". Of older dumps
// the options tell it.
std::string_view type_in(engine::mongodb::DocumentView metadata);

// Whether a file begins as an archive of mongodump does, once decoded.
Result<bool> is_archive(const fs::path& file);

// "types+of+values" and "a%2Fb" as mongodump writes the names of files; `corrupt` for a half
// escape.
Result<std::string> unescape_file_name(std::string_view name);

}  // namespace lifeboat::exchange::mongodump
