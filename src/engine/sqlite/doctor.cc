#include "engine/sqlite/doctor.h"

#include "engine/sqlite/at_rest.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/database_file.h"
#include "engine/sqlite/short_copy.h"
#include "engine/sqlite/source.h"

namespace lifeboat::engine::sqlite {
namespace {

constexpr std::uint64_t kLargeWal = 256U << 20U;

using Level = Advice::Level;

Advice advice_of(const Error& error) {
  return {Level::error, error.describe(), std::string(error.hint())};
}

Advice size_advice(const DatabaseFile& file, const std::string& name) {
  return {Level::ok,
          name + ": " + describe_size(file.state.stamp.size) + ", pages of " +
              std::to_string(file.header.page_size) + " bytes, " +
              (file.header.wal ? "WAL mode" : "rollback journal"),
          ""};
}

void advise_on_wal(const DatabaseFile& file, std::vector<Advice>& advices) {
  if (!file.header.wal) return;
  if (!file.wal && !file.shared_memory)
    advices.push_back(
        {Level::warning,
         "it is in WAL mode, but no -wal lies beside it: nobody has it open, or this is a copy "
         "made without its -wal, and then its last changes are missing",
         "Name the file that the application itself opens, never a copy of it."});
  if (file.has_wal_content() && file.wal->stamp.size > kLargeWal)
    advices.push_back({Level::warning,
                       "its -wal has grown to " + describe_size(file.wal->stamp.size),
                       "Some program keeps an old read transaction open, or checkpoints are off."});
}

// The space for the short copy, and what that copy means for the application.
Result<void> advise_on_copy(const DatabaseFile& file, std::vector<Advice>& advices) {
  std::error_code ignored;
  const auto scratch = fs::temp_directory_path(ignored);
  const auto free = TRY(free_space(scratch));
  const auto size = file.state.stamp.size;
  if (free < space_for_copy(size))
    advices.push_back(
        {Level::error,
         "each backup needs a copy of " + describe_size(size) + " in " + scratch.string() +
             ", which has " + describe_size(free) + " free",
         "Set TMPDIR to a place with more space, or switch the database to WAL mode."});
  advices.push_back({Level::warning,
                     "writers wait while the file is copied at the start of each backup",
                     "In WAL mode (PRAGMA journal_mode=WAL) they would not."});
  return {};
}

Result<void> advise_on_access(const DatabaseFile& file, std::vector<Advice>& advices) {
  switch (TRY(choose_access(file))) {
    case Access::transaction:
      return {};
    case Access::copy:
      return advise_on_copy(file, advices);
    case Access::quiet:
      advices.push_back(
          {Level::warning,
           "this user cannot make SQLite's files beside it: while its application is "
           "stopped it is read without locks, and a backup fails when it starts in between",
           "Run as the owner of the database."});
  }
  return {};
}

Result<void> try_to_open(const DatabaseFile& file, const RunContext& context) {
  OpenOptions options;
  options.path = file.path;
  options.stop = context.stop;
  const bool quiet = TRY(choose_access(file)) == Access::quiet;
  if (quiet) options.mode = OpenOptions::Mode::frozen;
  std::optional<AtRest> at_rest;
  if (!quiet) at_rest.emplace(file);
  const auto connection = TRY(Connection::open(options));
  TRY(connection.number("SELECT count(*) FROM main.sqlite_schema"));
  return {};
}

Result<void> examine(const DatabaseFile& file, const RunContext& context,
                     std::vector<Advice>& advices) {
  advise_on_wal(file, advices);
  TRY(advise_on_access(file, advices));
  return try_to_open(file, context);
}

}  // namespace

Result<std::vector<Advice>> examine_source(const SourceOptions& options,
                                           const RunContext& context) {
  TRY(context.check_stop());
  const auto file = look_at(options.path);
  if (!file) return std::vector{advice_of(file.error())};
  std::vector<Advice> advices{size_advice(*file, options.path)};
  if (const auto examined = examine(*file, context, advices); !examined)
    advices.push_back(advice_of(examined.error()));
  return advices;
}

}  // namespace lifeboat::engine::sqlite
