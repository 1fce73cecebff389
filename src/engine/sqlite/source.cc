#include "engine/sqlite/source.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/sqlite/at_rest.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/database_file.h"
#include "engine/sqlite/facts.h"
#include "engine/sqlite/metadata.h"
#include "engine/sqlite/page_one_vfs.h"
#include "engine/sqlite/page_stream.h"
#include "engine/sqlite/short_copy.h"

namespace lifeboat::engine::sqlite {
namespace {

// Where the rows and pages come from, open for as long as the source lives.
struct Snapshot {
  std::optional<ScratchDirectory> scratch;
  std::string path;  // the live database or its copy
  bool frozen = false;
  PageOneVfs vfs;  // outlives the connection
  std::optional<Connection> connection;
  std::uint32_t page_size = 0;
  std::uint32_t page_count = 0;
};

class SqliteSource final : public Source {
 public:
  SqliteSource(SourceOptions options, Duration patience)
      : options_(std::move(options)), patience_(patience) {}

  Result<void> begin(const RunContext& context) override;
  Result<std::unique_ptr<Entry>> next(const RunContext& context) override;
  Result<SourceOutcome> finish(const RunContext& context) override;

  Result<std::unique_ptr<Reader>> open_pages() const;

 private:
  Result<void> choose_path(const RunContext& context);
  Result<void> fix_moment(const RunContext& context);
  Result<void> check_page_one() const;
  Result<Connection> open_connection(const RunContext& context, const char* vfs) const;
  Result<Json> facts(const RunContext& context) const;
  Result<void> check_unchanged() const;
  EntryInfo describe_entry() const;
  Json position() const;

  SourceOptions options_;
  Duration patience_;
  DatabaseFile file_;
  Access access_ = Access::transaction;
  std::optional<AtRest> at_rest_;  // outlives the connection
  Snapshot snapshot_;
  Time moment_;
  std::stop_token stop_;
  bool handed_out_ = false;
};

class DatabaseEntry final : public Entry {
 public:
  explicit DatabaseEntry(const SqliteSource& source) : source_(source) {}
  Result<std::unique_ptr<Reader>> open() override { return source_.open_pages(); }

 private:
  const SqliteSource& source_;
};

Result<void> SqliteSource::begin(const RunContext& context) {
  TRY(context.check_stop());
  stop_ = context.stop;
  file_ = TRY(look_at(options_.path));
  access_ = TRY(choose_access(file_));
  if (access_ == Access::transaction) at_rest_.emplace(file_);
  TRY(choose_path(context));
  return fix_moment(context);
}

Result<void> SqliteSource::choose_path(const RunContext& context) {
  snapshot_.path = file_.path;
  snapshot_.frozen = access_ != Access::transaction;
  if (access_ != Access::copy) return {};
  snapshot_.scratch.emplace(TRY(ScratchDirectory::make()));
  snapshot_.path = TRY(make_short_copy(file_, snapshot_.scratch->path(), patience_, context));
  return {};
}

// BEGIN alone does not fix anything: the first read does.
Result<void> SqliteSource::fix_moment(const RunContext& context) {
  snapshot_.vfs.limit_reading(options_.read_limit);
  snapshot_.connection.emplace(TRY(open_connection(context, snapshot_.vfs.name())));
  const auto& connection = *snapshot_.connection;
  TRY(connection.execute("BEGIN"));
  TRY(connection.number("SELECT count(*) FROM main.sqlite_schema"));
  moment_ = context.clock.now();
  snapshot_.page_size = static_cast<std::uint32_t>(TRY(connection.number("PRAGMA main.page_size")));
  snapshot_.page_count =
      static_cast<std::uint32_t>(TRY(connection.number("PRAGMA main.page_count")));
  return check_page_one();
}

Result<void> SqliteSource::check_page_one() const {
  const auto page = snapshot_.vfs.last_page_one();
  if (page.size() != snapshot_.page_size)
    return fail(Code::internal, file_.path + ": page 1 was not seen when the transaction began");
  return {};
}

Result<Connection> SqliteSource::open_connection(const RunContext& context, const char* vfs) const {
  OpenOptions options;
  options.path = snapshot_.path;
  options.mode = snapshot_.frozen ? OpenOptions::Mode::frozen : OpenOptions::Mode::live;
  options.vfs = vfs;
  options.stop = context.stop;
  options.patience = patience_;
  return Connection::open(options);
}

Result<std::unique_ptr<Entry>> SqliteSource::next(const RunContext& context) {
  TRY(context.check_stop());
  if (handed_out_) return nullptr;
  handed_out_ = true;
  auto entry = std::make_unique<DatabaseEntry>(*this);
  entry->info = describe_entry();
  return entry;
}

EntryInfo SqliteSource::describe_entry() const {
  Metadata metadata;
  metadata.mode = file_.state.mode;
  metadata.uid = file_.state.uid;
  metadata.gid = file_.state.gid;
  metadata.user = user_name(metadata.uid);
  metadata.group = group_name(metadata.gid);
  metadata.modified_ns = file_.state.stamp.modified_ns;
  metadata.page_size = snapshot_.page_size;
  metadata.page_count = snapshot_.page_count;
  EntryInfo info;
  info.path = fs::path(options_.path).filename().string();
  info.kind = EntryKind::database;
  info.size = metadata.size();
  info.modified_ns = metadata.modified_ns;
  info.metadata = encode_metadata(metadata);
  info.profile = Profile::db_page;
  info.unit = metadata.page_size;
  return info;
}

Result<std::unique_ptr<Reader>> SqliteSource::open_pages() const {
  PageStreamOptions options;
  options.page_one = to_bytes(snapshot_.vfs.last_page_one());
  options.page_count = snapshot_.page_count;
  options.stop = stop_;
  return open_page_stream(*snapshot_.connection, std::move(options));
}

Result<SourceOutcome> SqliteSource::finish(const RunContext& context) {
  SourceOutcome outcome;
  outcome.facts = TRY_CONTEXT(options_.path, facts(context));
  TRY(check_unchanged());
  outcome.position = position();
  snapshot_.connection.reset();
  at_rest_.reset();
  return outcome;
}

// A file that nobody writes can be read by two threads. A live one is read in its one transaction.
Result<Json> SqliteSource::facts(const RunContext& context) const {
  const auto size = std::uint64_t{snapshot_.page_size} * snapshot_.page_count;
  const bool alone = !snapshot_.frozen || size < kLargeDatabase || options_.workers == 1;
  if (alone) return collect_facts({&*snapshot_.connection}, file_.header.wal);
  const auto second = TRY(open_connection(context, nullptr));
  return collect_facts({&*snapshot_.connection, &second}, file_.header.wal);
}

Result<void> SqliteSource::check_unchanged() const {
  if (access_ != Access::quiet) return {};
  const auto now = TRY(state_of(file_.path));
  if (now && now->stamp == file_.state.stamp) return {};
  return fail(
      Error(Code::source_changed, file_.path + " was written while it was read without locks")
          .with_hint("Its application started in between: run the backup again now."));
}

Json SqliteSource::position() const {
  Json position{{"time", to_rfc3339(moment_)},
                {"pages", snapshot_.page_count},
                {"journal_mode", file_.header.wal ? "wal" : "rollback"}};
  // Without one it was closed by its application, or is a copy that lacks its last changes.
  if (file_.header.wal) position["wal_beside"] = file_.wal.has_value();
  return position;
}

// Files that SQLite makes beside the database belong to who runs us; unless that is the owner (or
// root, for then SQLite gives them to the owner), the application could not write them afterwards.
bool may_make_sidecars(const DatabaseFile& file) {
  const auto user = ::geteuid();
  if (user != 0 && user != file.state.uid) return false;
  const auto folder = fs::path(file.path).parent_path();
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

}  // namespace

Result<Access> choose_access(const DatabaseFile& file) {
  if (!file.header.wal) return Access::copy;
  if (file.shared_memory || may_make_sidecars(file)) return Access::transaction;
  if (!file.has_wal_content()) return Access::quiet;
  return fail(
      Error(Code::source_unreadable,
            file.path + " has changes in its -wal, but no -shm, and this user cannot make one")
          .with_hint("Its application ended without closing it. Start the application, or "
                     "open the database once with `sqlite3` as its owner."));
}

std::unique_ptr<Source> make_source(const SourceOptions& options, Duration patience) {
  return std::make_unique<SqliteSource>(options, patience);
}

}  // namespace lifeboat::engine::sqlite
