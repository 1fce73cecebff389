#include "engine/sqlite/inspector.h"

#include "engine/sqlite/database_file.h"
#include "engine/sqlite/facts.h"
#include "engine/sqlite/integrity.h"
#include "engine/sqlite/ledgers.h"
#include "engine/sqlite/query.h"

namespace lifeboat::engine::sqlite {
namespace {

class SqliteInspector final : public Inspector {
 public:
  SqliteInspector(std::string path, bool wal) : path_(std::move(path)), wal_(wal) {}

  Result<Json> facts(const RunContext& context) override {
    const auto state = TRY(state_of(path_));
    const auto first = TRY(Connection::open(frozen(context)));
    if (!state || state->stamp.size < kLargeDatabase) return collect_facts({&first}, wal_);
    const auto second = TRY(Connection::open(frozen(context)));
    return collect_facts({&first, &second}, wal_);
  }

  Result<std::vector<std::string>> integrity(bool quick, const RunContext& context) override {
    const auto connection = TRY(Connection::open(frozen(context)));
    return check_integrity(connection, quick);
  }

  Result<std::vector<Row>> query(const std::string& text, std::size_t limit,
                                 const RunContext& context) override {
    std::vector<Row> rows;
    if (limit == 0) return rows;
    TRY(run(
        text,
        [&](Row row) -> Result<bool> {
          rows.push_back(std::move(row));
          return rows.size() < limit;
        },
        context));
    return rows;
  }

  Result<void> select(const Selection& selection,
                      const std::function<Result<void>(const Row&)>& visit,
                      const RunContext& context) override {
    const auto go_on = [&](const Row& row) -> Result<bool> {
      TRY(visit(row));
      return true;
    };
    return run(sql_of(selection), go_on, context);
  }

  Result<Json> newest(const std::string& table, const std::string& field,
                      const RunContext& context) override {
    const auto rows =
        TRY(query("SELECT max(" + in_quotes(field) + ") FROM " + in_quotes(table), 1, context));
    return rows.empty() || rows[0].empty() ? Json() : rows[0][0];
  }

  Result<std::vector<Ledger>> ledgers(const RunContext& context) override {
    const auto connection = TRY(Connection::open(frozen(context)));
    const auto objects = TRY(read_schema(connection));
    return list_ledgers(connection, TRY(read_tables(connection, objects)));
  }

  Result<std::unique_ptr<Reader>> open_file(const std::string&) override {
    return fail(Code::usage, "a SQLite source has no files: name a `files` source");
  }
  Result<void> list_files(const std::function<Result<void>(const std::string&, std::uint64_t)>&,
                          const RunContext&) override {
    return fail(Code::usage, "a SQLite source has no files: name a `files` source");
  }

 private:
  static std::string sql_of(const Selection& selection) {
    std::string fields;
    for (const auto& field : selection.fields)
      fields += (fields.empty() ? "" : ", ") + (field.empty() ? "NULL" : in_quotes(field));
    const auto all = "SELECT " + fields + " FROM " + in_quotes(selection.table);
    return selection.where.empty() ? all : all + " WHERE (" + selection.where + ")";
  }

  Result<void> run(const std::string& sql, const VisitRow& visit, const RunContext& context) const {
    auto options = frozen(context);
    options.for_query = true;
    options.largest_value = kLargestQueryValue;
    return run_query(TRY(Connection::open(options)), sql, visit, context);
  }

  OpenOptions frozen(const RunContext& context) const {
    OpenOptions options;
    options.path = path_;
    options.mode = OpenOptions::Mode::frozen;
    options.stop = context.stop;
    return options;
  }

  std::string path_;
  bool wal_;
};

Result<Header> header_of(const std::string& path) {
  const auto state = TRY(state_of(path));
  if (!state) return fail(Code::not_found, "there is no database " + path);
  Bytes first(kHeaderSize);
  first.resize(TRY(TRY(RawFile::open(path)).read(0, first)));
  return TRY_CONTEXT(path, parse_header(first));
}

// What a program that was killed left in a -wal or -journal belongs to the database: it is brought
// in first, as the next program to open it would.
Result<void> bring_in_what_is_beside(const std::string& path) {
  bool any = false;
  for (const auto* suffix : {"-wal", "-journal"}) {
    const auto beside = TRY(state_of(path + suffix));
    any |= beside && beside->stamp.size > 0;
  }
  if (!any) return {};
  OpenOptions options;
  options.path = path;
  options.mode = OpenOptions::Mode::last;
  TRY(TRY(Connection::open(options)).number("SELECT count(*) FROM main.sqlite_schema"));
  return {};
}

}  // namespace

Result<std::unique_ptr<Inspector>> make_inspector(const std::string& place) {
  const auto path = fs::absolute(place).lexically_normal().string();
  TRY(bring_in_what_is_beside(path));
  const auto header = TRY(header_of(path));
  return std::make_unique<SqliteInspector>(path, header.wal);
}

}  // namespace lifeboat::engine::sqlite
