#pragma once
// The first pass over a dump: what there is, of every database. Of a log that is left out its
// entries are only counted: nothing in it matters. One thread at a time.
#include <map>
#include <optional>
#include <set>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/oplog_entry.h"
#include "exchange/mongodump/dump.h"

namespace lifeboat::exchange::mongodump {

struct LogOfDump {
  std::uint64_t entries = 0;
  engine::mongodb::Timestamp last;
  bool is_of_dump = false;  // it changes a database of the dump
  std::string stranger{};   // a database that it changes, and that is none of the dump
};

// What a log makes of one database.
struct SeriesInLog {
  std::set<std::string> names;
  std::string without_buckets{};  // one that is, as of 8.3; empty for none
};

struct FoundCollection {
  engine::mongodb::Collection collection;
  bool has_metadata = false;
  engine::mongodb::DocumentSum sum{};
  std::uint64_t without_id = 0;
};
using FoundCollections = std::map<std::string, FoundCollection>;

class DumpSurvey final : public ArchiveVisitor {
 public:
  // `of_one` as folder_of_one().
  DumpSurvey(bool without_oplog, fs::path of_one)
      : without_oplog_(without_oplog), of_one_(std::move(of_one)) {}

  Result<void> head(const ArchiveHead& head) override;
  Result<void> collection(const ArchiveCollection& about) override;
  Result<void> document(const ArchiveCollection& of,
                        engine::mongodb::DocumentView document) override;
  Result<void> complete(const ArchiveCollection& about, std::uint64_t documents) override;

  const ArchiveHead& told() const { return head_; }
  const std::map<std::string, FoundCollections>& databases() const { return databases_; }
  // Gives away what is in a database of the dump: each time series with its buckets as its
  // documents, which are no collection of their own. `corrupt` when they are not there, when some
  // are there without their time series, and when their own metadata is that of another one.
  Result<FoundCollections> take_collections(const std::string& database);
  // Nothing where nothing was written while the dump was made.
  const std::optional<LogOfDump>& log() const { return log_; }
  SeriesInLog series_in_log(const std::string& database) const;
  const fs::path& of_one() const { return of_one_; }

 private:
  Result<FoundCollection*> found(const ArchiveCollection& of);
  Result<void> take_entry(engine::mongodb::DocumentView document);
  void note_all(const engine::mongodb::OplogEntry& entry, LogOfDump& log);
  void note_command(const std::string& database, engine::mongodb::DocumentView command,
                    LogOfDump& log);
  void note_database(std::string_view ns, LogOfDump& log) const;
  bool lies_beside(const std::string& database) const;

  bool without_oplog_;
  fs::path of_one_;
  ArchiveHead head_;
  std::map<std::string, FoundCollections> databases_;
  std::optional<LogOfDump> log_;
  std::map<std::string, SeriesInLog> series_;
};

}  // namespace lifeboat::exchange::mongodump
