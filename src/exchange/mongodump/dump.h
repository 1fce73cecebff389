#pragma once
// What mongodump wrote, whichever way: an archive, plain or gzip, or a folder of .bson and
// .metadata.json files, plain or gzip. Untrusted: lengths are checked, links are not followed.
// Stateless.
#include "base/file.h"
#include "base/run_context.h"
#include "exchange/archive_reader.h"

namespace lifeboat::exchange::mongodump {

// Reads all of it, once: an archive in its own order, a folder by name. The log of a dump
// (--oplog) is the collection "oplog" of no database. `corrupt` for what is damaged or cut short,
// `unsupported_format` for what is no dump, `refused` for links and devices.
Result<void> visit_dump(const fs::path& path, ArchiveVisitor& visitor, const RunContext& context);

// "types+of+values" and "a%2Fb" as mongodump writes the names of files; `corrupt` for a half
// escape.
Result<std::string> unescape_file_name(std::string_view name);

}  // namespace lifeboat::exchange::mongodump
