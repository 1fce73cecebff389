#include "engine/mongodb/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "engine/mongodb/accounts.h"
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/joined_reader.h"
#include "engine/mongodb/log_window.h"
#include "engine/mongodb/member.h"
#include "engine/mongodb/metadata.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/sharding.h"
#include "engine/mongodb/snapshot_read.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kMostDatabasesNamed = 10;
constexpr int kMostTimesGoneOn = 3;  // without a document in between

// What the readers found; they end in other threads.
class Found {
 public:
  void keep(const std::string& name, CollectionFacts facts) {
    const std::scoped_lock lock(mutex_);
    facts_[name] = std::move(facts);
  }
  const FactsByName& all() const { return facts_; }

 private:
  std::mutex mutex_;
  FactsByName facts_;
};

class MongoSource final : public Source {
 public:
  explicit MongoSource(SourceOptions options) : options_(std::move(options)) {}

  Result<void> begin(const RunContext& context) override;
  Result<std::unique_ptr<Entry>> next(const RunContext& context) override;
  Result<SourceOutcome> finish(const RunContext& context) override;

  Found& found() { return found_; }
  Watch watch(const Collection& collection) const { return noticed_->watch(collection.name); }
  Result<CollectionScan> begin_scan(const Collection& collection);
  // After an error: behind the last document, where that is still of the one moment.
  Result<void> go_on(CollectionScan& scan, const Error& why);
  Result<std::unique_ptr<Reader>> open_log();

 private:
  Result<void> look_at_log(const Connection& connection);
  Result<void> look_for_snapshot(const Connection& connection);
  Result<Catalog> read_whole_catalog(const Connection& connection);
  ReadAs read_as() const;
  Result<void> look_at_accounts(const Connection& connection);
  void look_at_series();
  std::unique_ptr<Entry> log_entry();
  std::unique_ptr<Entry> catalog_entry();
  std::unique_ptr<Entry> accounts_entry();
  std::unique_ptr<Entry> documents_entry(const Collection& collection);
  Result<void> check_unchanged();
  Json position() const;
  std::string consistency() const;
  void say_of_gridfs(SourceOutcome& outcome) const;
  void say_of_what_moment(SourceOutcome& outcome) const;
  void say_of_member(SourceOutcome& outcome, const ServerFacts& now) const;
  void say_of_shards(SourceOutcome& outcome) const;

  SourceOptions options_;
  Location location_;
  std::optional<Member> member_;  // that was chosen to be read
  ServerFacts server_;
  bool is_shard_ = false;
  std::string shard_keys_denied_;  // why they are not known
  Catalog catalog_;                // of the snapshot
  Catalog listed_;                 // as the server has it
  Time moment_;
  std::optional<Accounts> accounts_;  // none: the server keeps none, or does not tell
  std::string accounts_denied_;       // why it does not
  bool catalog_given_ = false;
  bool accounts_given_ = false;
  std::size_t given_ = 0;
  Found found_;
  std::optional<NoticedFacts> noticed_;
  SharedSnapshot snapshot_;
  std::string why_no_snapshot_;
  std::optional<LogEnds> log_before_;  // none: the server keeps no log that can be read
  bool log_denied_ = false;            // to this user
  std::vector<Finding> series_;        // that no log can be replayed onto
  bool log_given_ = false;
  Window window_;
};

class BytesEntryReader final : public JoinedReader {
 public:
  explicit BytesEntryReader(ByteView bytes) : bytes_(to_bytes(bytes)) {}

 private:
  Result<ByteView> next_piece() override {
    return std::exchange(is_given_, true) ? ByteView() : ByteView(bytes_);
  }

  Bytes bytes_;
  bool is_given_ = false;
};

// The catalog, or the accounts.
class BytesEntry final : public Entry {
 public:
  explicit BytesEntry(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::unique_ptr<Reader>> open() override {
    return std::make_unique<BytesEntryReader>(bytes_);
  }

 private:
  Bytes bytes_;
};

// The documents of a collection as one stream.
class DocumentReader final : public JoinedReader {
 public:
  DocumentReader(MongoSource& source, CollectionScan scan, std::string name)
      : source_(source), scan_(std::move(scan)), name_(std::move(name)) {}

 private:
  Result<ByteView> next_piece() override {
    auto next = scan_.next();
    for (int i = 0; !next && i < kMostTimesGoneOn; ++i) {
      TRY(source_.go_on(scan_, next.error()));
      next = scan_.next();
    }
    if (next && next->empty()) source_.found().keep(name_, scan_.finish());
    return next;
  }

  MongoSource& source_;
  CollectionScan scan_;
  std::string name_;
};

class DocumentsEntry final : public Entry {
 public:
  DocumentsEntry(MongoSource& source, const Collection& collection)
      : source_(source), collection_(collection) {}
  Result<std::unique_ptr<Reader>> open() override {
    auto scan = TRY_CONTEXT(collection_.name, source_.begin_scan(collection_));
    scan.watch(source_.watch(collection_));
    return std::make_unique<DocumentReader>(source_, std::move(scan), collection_.name);
  }

 private:
  MongoSource& source_;
  const Collection& collection_;
};

class LogEntry final : public Entry {
 public:
  explicit LogEntry(MongoSource& source) : source_(source) {}
  Result<std::unique_ptr<Reader>> open() override { return source_.open_log(); }

 private:
  MongoSource& source_;
};

Result<void> MongoSource::begin(const RunContext& context) {
  TRY(context.check_stop());
  auto reading = TRY(locate_to_read(options_));
  location_ = std::move(reading.location);
  member_ = std::move(reading.member);
  const auto connection = location_.server->connect();
  server_ = TRY(ask_server(connection));
  TRY(check_server(server_, options_.mongodb.fuzzy));
  is_shard_ = TRY(is_one_shard(connection, server_));
  moment_ = context.clock.now() - (member_ ? member_->lag : std::chrono::seconds(0));
  TRY(look_at_log(connection));
  TRY(look_at_accounts(connection));
  catalog_ = TRY(read_whole_catalog(connection));
  TRY(check_catalog(connection, catalog_));
  listed_ = catalog_;
  look_at_series();
  noticed_ = TRY(NoticedFacts::begin(catalog_));
  return look_for_snapshot(connection);
}

// A log tells of buckets, and these have none: then it is not for this snapshot, for it would bring
// everything but them to another moment.
void MongoSource::look_at_series() {
  series_ = series_as_documents(catalog_, options_.mongodb.series_as_documents);
  if (series_.empty()) return;
  if (options_.mongodb.series_as_documents) catalog_ = without_buckets(std::move(catalog_));
  log_before_.reset();
  window_.broken =
      "the log does not tell of the documents of the time series " + series_.front().subject;
}

// With the shard keys, where they can be had.
Result<Catalog> MongoSource::read_whole_catalog(const Connection& connection) {
  auto catalog = TRY(read_catalog(connection, location_.database));
  if (server_.is_sharded) shard_keys_denied_ = TRY(add_shard_keys(connection, catalog));
  return catalog;
}

Result<void> MongoSource::look_for_snapshot(const Connection& connection) {
  auto answer = TRY(ask_snapshot(connection, server_, catalog_));
  if (answer.moment) snapshot_.begin(*answer.moment);
  why_no_snapshot_ = std::move(answer.why_not);
  return {};
}

// FerretDB goes by no index that it is told to go by, and each shard by its own.
ReadAs MongoSource::read_as() const {
  const bool by_id = server_.ferretdb.empty() && !server_.is_sharded;
  return {log_before_.has_value(), snapshot_.moment(), by_id, true};
}

// Without the snapshot, what is not read yet is read as it is: the log, where there is one, begins
// before the snapshot and brings both to one moment.
Result<CollectionScan> MongoSource::begin_scan(const Collection& collection) {
  const auto how = read_as();
  auto scan = CollectionScan::begin(*location_.server, location_.database, collection, how);
  if (scan || !how.moment || scan.error().code() != Code::source_changed) return scan;
  snapshot_.lose(scan.error().message());
  return CollectionScan::begin(*location_.server, location_.database, collection, read_as());
}

Result<void> MongoSource::go_on(CollectionScan& scan, const Error& why) {
  const auto how = read_as();
  const bool is_gone = why.code() == Code::source_changed || why.code() == Code::unavailable;
  if (!is_gone || !scan.can_go_on() || (!how.moment && !how.committed)) return fail(why);
  auto again = scan.go_on(how);
  if (again || !how.moment || again.error().code() != Code::source_changed) return again;
  snapshot_.lose(again.error().message());
  return scan.go_on(read_as());
}

// A user who may read the database and not the log still gets a backup, of less.
Result<void> MongoSource::look_at_log(const Connection& connection) {
  window_.broken =
      server_.is_sharded ? std::string(kNoLogOfAll) : server_.product() + " keeps no log";
  if (server_.is_sharded) return {};
  auto ends = ask_log(connection, server_);
  if (!ends && ends.error().code() != Code::permission_denied) return fail(std::move(ends).error());
  log_denied_ = !ends;
  if (ends)
    log_before_ = std::move(*ends);
  else
    window_.broken = "this user may not read the log: " + ends.error().describe();
  return {};
}

// The same of users and roles.
Result<void> MongoSource::look_at_accounts(const Connection& connection) {
  auto accounts = read_accounts(connection, location_.database);
  if (!accounts && accounts.error().code() != Code::permission_denied)
    return fail(std::move(accounts).error());
  if (accounts)
    accounts_ = std::move(*accounts);
  else
    accounts_denied_ = accounts.error().describe();
  return {};
}

Result<std::unique_ptr<Reader>> MongoSource::open_log() {
  window_.broken.clear();
  return open_window(
      {*location_.server, server_, location_.database, *log_before_, snapshot_.moment()}, window_);
}

// The catalog first; then whatever can hold documents, by name; and what was written meanwhile.
Result<std::unique_ptr<Entry>> MongoSource::next(const RunContext& context) {
  TRY(context.check_stop());
  if (!std::exchange(catalog_given_, true)) return catalog_entry();
  while (given_ < catalog_.collections.size()) {
    const auto& collection = catalog_.collections[given_++];
    if (collection.has_documents()) return documents_entry(collection);
  }
  const bool has_accounts = accounts_ && !accounts_->empty();
  if (has_accounts && !std::exchange(accounts_given_, true)) return accounts_entry();
  if (!log_before_ || std::exchange(log_given_, true)) return nullptr;
  return log_entry();
}

std::unique_ptr<Entry> MongoSource::log_entry() {
  auto entry = std::make_unique<LogEntry>(*this);
  entry->info.path = log_path(catalog_.database);
  entry->info.kind = EntryKind::database;
  entry->info.metadata = encode_metadata({Metadata::Kind::log, catalog_.database, Collection{}});
  entry->info.profile = Profile::db_stream;
  entry->is_late = true;
  return entry;
}

std::unique_ptr<Entry> MongoSource::catalog_entry() {
  auto entry = std::make_unique<BytesEntry>(encode_catalog(catalog_));
  entry->info.path = catalog_path(catalog_.database);
  entry->info.kind = EntryKind::database;
  entry->info.metadata =
      encode_metadata({Metadata::Kind::catalog, catalog_.database, Collection{}});
  entry->info.profile = Profile::db_stream;
  return entry;
}

std::unique_ptr<Entry> MongoSource::accounts_entry() {
  auto entry = std::make_unique<BytesEntry>(encode_accounts(*accounts_, catalog_.database));
  entry->info.path = accounts_path(catalog_.database);
  entry->info.kind = EntryKind::database;
  entry->info.metadata =
      encode_metadata({Metadata::Kind::accounts, catalog_.database, Collection{}});
  entry->info.profile = Profile::db_stream;
  return entry;
}

std::unique_ptr<Entry> MongoSource::documents_entry(const Collection& collection) {
  auto entry = std::make_unique<DocumentsEntry>(*this, collection);
  entry->info.path = documents_path(catalog_.database, collection.name);
  entry->info.kind = EntryKind::database;
  entry->info.metadata =
      encode_metadata({kind_of_content(collection), catalog_.database, collection});
  entry->info.profile = Profile::db_stream;
  return entry;
}

Result<SourceOutcome> MongoSource::finish(const RunContext& context) {
  TRY(context.check_stop());
  TRY(check_unchanged());
  SourceOutcome outcome;
  outcome.facts = TRY(facts_json(catalog_, found_.all(), TRY(noticed_->finish()), server_));
  say_of_gridfs(outcome);
  if (accounts_) outcome.facts["accounts"] = accounts_facts(*accounts_, catalog_.database);
  if (!accounts_denied_.empty()) {
    outcome.facts["accounts"] = nullptr;
    outcome.findings.push_back({"accounts-not-read", options_.name,
                                "its users and roles are not in the snapshot: " + accounts_denied_,
                                false});
  }
  std::ranges::copy(series_, std::back_inserter(outcome.findings));
  outcome.position = position();
  const auto now = TRY(ask_server(location_.server->connect()));
  if (now.cluster_time) outcome.position["cluster_time"] = now.cluster_time->text();
  if (window_.manifest) outcome.log_position = position_of(window_.manifest->last.at.ts);
  say_of_what_moment(outcome);
  say_of_member(outcome, now);
  say_of_shards(outcome);
  return outcome;
}

// What was read is of the moment that the snapshot names, however far the member has fallen behind
// since: that is worth a word, and no reason to throw it away.
void MongoSource::say_of_member(SourceOutcome& outcome, const ServerFacts& now) const {
  if (!member_) return;
  const auto at_end = ask_lag(*location_.server, now);
  outcome.position["member"] = {{"address", member_->address},
                                {"state", member_->is_secondary ? "secondary" : "primary"},
                                {"lag_seconds", member_->lag.count()},
                                {"lag_seconds_at_end", at_end ? Json(at_end->count()) : Json()}};
  const auto& most = options_.mongodb.max_lag;
  if (at_end && *at_end <= most) return;
  outcome.findings.push_back(
      {"member-lagging", options_.name,
       at_end ? fmt::format("{} was {} s behind the primary when the backup ended, and max_lag is "
                            "{}: newer writes are not in it",
                            member_->address, at_end->count(), describe_duration(most))
              : "when the backup ended " + at_end.error().message(),
       false});
}

// Without a snapshot a file may have come between its chunks and its entry.
void MongoSource::say_of_gridfs(SourceOutcome& outcome) const {
  const std::string_view doubt =
      snapshot_.moment() ? "" : "; if it came while the backup ran, a drill tells whether it is";
  for (const auto& [name, bucket] : outcome.facts["gridfs"].items()) {
    const auto damaged = bucket["damaged"].get<std::uint64_t>();
    if (damaged == 0) continue;
    outcome.findings.push_back(
        {"gridfs-damaged", options_.name,
         fmt::format("{} of the {} files in GridFS {} are not whole; first {}{}", damaged,
                     bucket["files"].get<std::uint64_t>(), name,
                     bucket["first"].front().get<std::string>(), doubt),
         false});
  }
}

std::string MongoSource::consistency() const {
  if (snapshot_.moment()) return "snapshot";
  return window_.manifest ? "log-window" : "per-collection";
}

void MongoSource::say_of_what_moment(SourceOutcome& outcome) const {
  const auto lost = snapshot_.why_lost();
  const bool has_log = log_before_ || log_denied_ || !series_.empty();
  if (snapshot_.moment() && has_log && !window_.manifest)
    outcome.findings.push_back(
        {"log-not-kept", options_.name,
         "no moment between this backup and the next can be restored: " + window_.broken, false});
  if (consistency() == "per-collection")
    outcome.findings.push_back({"consistency-per-collection", options_.name,
                                "each collection is as of the moment when it was read, not all as "
                                "of one: " +
                                    window_.broken + "; " +
                                    (lost.empty() ? why_no_snapshot_ : lost),
                                false});
  else if (!lost.empty())
    outcome.findings.push_back({"snapshot-lost", options_.name,
                                "the server let go of its snapshot (" + lost +
                                    "); the log brings the copy to one moment instead",
                                false});
}

// What was made, changed or dropped meanwhile is partly in the snapshot, and nothing says which.
Result<void> MongoSource::check_unchanged() {
  const auto after = TRY(read_whole_catalog(location_.server->connect()));
  auto changes = differences(listed_, after);
  for (std::size_t i = 0; changes.empty() && i < after.collections.size(); ++i)
    if (const auto& now = after.collections[i];
        shard_key_of(now) != shard_key_of(listed_.collections[i]))
      changes.push_back({now.name, "is sharded by another key"});
  if (changes.empty()) return {};
  return fail(Error(Code::source_changed, location_.database + " changed while it was read: " +
                                              changes[0].object + " " + changes[0].change)
                  .with_hint("Run the backup when no collection or index is made or dropped."));
}

// Of what moment it is was said before.
void MongoSource::say_of_shards(SourceOutcome& outcome) const {
  if (server_.is_sharded) outcome.position["sharded"] = "fuzzy";
  if (is_shard_) outcome.position["sharded"] = "one-shard";
  if (is_shard_)
    outcome.findings.push_back(
        {"one-shard", options_.name,
         "the server is one shard of a cluster: what the others have of the database is not in the "
         "snapshot, and documents that a move left behind on it may be",
         false});
  if (!shard_keys_denied_.empty())
    outcome.findings.push_back({"shard-keys-not-read", options_.name,
                                "which of its collections are sharded, and by which key, is not in "
                                "the snapshot: " +
                                    shard_keys_denied_,
                                false});
}

Json MongoSource::position() const {
  Json position{{"time", to_rfc3339(moment_)},
                {"database", escape_name(location_.database)},
                {"consistency", consistency()},
                {"server", server_.product()},
                {"version", server_.version}};
  if (window_.manifest) position["log"] = encode_slice(*window_.manifest);
  if (const auto moment = snapshot_.moment())
    position["time"] = to_rfc3339(time_of(*moment));
  else if (window_.manifest)
    position["time"] = to_rfc3339(time_of(window_.manifest->known_until));
  return position;
}

// Buckets without their time series can be made nowhere else.
Result<void> check_buckets(const std::string& database, const Collection& collection) {
  if (!collection.name.starts_with(kBucketsPrefix)) return {};
  return fail(Error(Code::refused, database + "." + collection.name +
                                       " holds the buckets of a time series that is not there")
                  .with_hint("Drop it, or make the time series again, before a backup."));
}

}  // namespace

Result<void> check_catalog(const Connection& connection, const Catalog& catalog) {
  for (const auto& each : catalog.collections) TRY(check_buckets(catalog.database, each));
  if (!catalog.collections.empty()) return {};
  std::string known;
  // A user who may see one database only is told no more than that it is empty.
  const auto names = list_databases(connection).value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < names.size() && i < kMostDatabasesNamed; ++i)
    known += (known.empty() ? "" : ", ") + names[i];
  return fail(Error(Code::not_found, "the database " + catalog.database + " holds nothing")
                  .with_hint(known.empty()
                                 ? "See whether `database` and the URI name the right one."
                                 : "The server has: " + known + "."));
}

// Since 8.3 a server lists no buckets: it keeps them in a form that is not known here.
std::vector<Finding> series_as_documents(const Catalog& catalog, bool is_asked) {
  std::vector<Finding> findings;
  for (const auto& each : catalog.collections) {
    if (each.kind != CollectionKind::time_series || (each.has_buckets() && !is_asked)) continue;
    const std::string why = each.has_buckets() ? "`time_series: documents` is asked for"
                                               : "the server shows no buckets, as those since 8.3";
    findings.push_back({"series-as-documents", each.name,
                        why + ": backed up as documents, which no log brings to another moment"});
  }
  return findings;
}

std::unique_ptr<Source> make_source(const SourceOptions& options) {
  return std::make_unique<MongoSource>(options);
}

}  // namespace lifeboat::engine::mongodb
