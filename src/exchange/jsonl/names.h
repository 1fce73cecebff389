#pragma once
// How the layout of the JSONL scripts names things: folders by their moment, files by their
// collection; and which collection a file of theirs or of ours is. Pure functions.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/mongodb/catalog.h"
#include "engine/renames.h"

namespace lifeboat::exchange::jsonl {

inline constexpr std::string_view kLinesSuffix = ".jsonl";
inline constexpr std::string_view kMetadataFile = "collections_metadata.json";
inline constexpr std::string_view kViewsCollection = "system.views";
using engine::mongodb::kBucketsPrefix;
// Below the folder of all backups: their archives.
inline constexpr std::string_view kArchivesFolder = "backup_data";

// "backup_20260926_073727", in UTC.
std::string backup_name(Time moment);

// "orders" → "orders.jsonl"; names that no file may have are escaped, reversibly.
std::map<std::string, std::string> file_names(const std::vector<std::string>& collections);

// What the scripts make of a name, and cannot turn back: separators and spaces become '_'.
std::string scripts_name(std::string_view collection);

// "types_of_values=types of values" of --rename.
using engine::Renames;
// `usage` for one that is no pair, or names two collections for one file.
Result<Renames> parse_renames(const std::vector<std::string>& texts);

struct NamedFile {
  std::string stem;        // of the file, without ".jsonl"
  std::string original;    // as the metadata knows it
  std::string name;        // to be restored as
  bool uncertain = false;  // a '_' in it may have been something else
};

// Which collection each file is, by the names in the metadata, by our escapes and by --rename.
// `usage` for a file that may be one of several and a rename of nothing, `refused` when two files
// would be the same collection.
Result<std::vector<NamedFile>> name_files(const std::vector<std::string>& stems,
                                          const std::set<std::string>& known,
                                          const Renames& renames);

}  // namespace lifeboat::exchange::jsonl
