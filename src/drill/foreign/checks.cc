#include <algorithm>

#include "base/json_value.h"
#include "base/median.h"
#include "drill/counts.h"
#include "drill/foreign.h"
#include "drill/render/view.h"

namespace lifeboat::drill {
namespace {

constexpr std::uint64_t kSmallCount = 100;  // below this, half as much is everyday life
constexpr std::size_t kMostObjects = 5000;

std::uint64_t count_in(const Json& facts, const char* key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(number_in(facts, key), 0));
}

// All that a backup without facts of its own can show by itself.
class ReadableCheck final : public Question {
 public:
  explicit ReadableCheck(ForeignBackup& backup) : backup_(backup) {}
  std::string id() const override { return "readable." + backup_.source->name; }
  std::string proves() const override {
    return "the backup unpacks whole and all of it can be read (what ought to be in it, it cannot "
           "say)";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, backup_.source->name));
    backup_.manifest.facts = TRY(source->inspector->facts(context));
    const auto& facts = backup_.manifest.facts;
    CheckResult result;
    result.id = id();
    const auto [found, message] = said_of(facts);
    result.outcome = found ? Outcome::passed : Outcome::failed;
    result.message = message;
    std::vector results{std::move(result)};
    if (auto gridfs = judge_gridfs(backup_.source->name, facts))
      results.push_back(std::move(*gridfs));
    return results;
  }

 private:
  std::pair<bool, std::string> said_of(const Json& facts) const {
    if (backup_.manifest.type == "mongodb") return collections(facts);
    return backup_.manifest.type == "sqlite" ? tables(facts) : files(facts);
  }

  static std::pair<bool, std::string> collections(const Json& facts) {
    const auto& collections = object_in(facts, "collections");
    std::uint64_t documents = 0;
    for (const auto& each : collections) documents += count_in(each, "documents");
    if (documents == 0) return {false, "the database holds no document"};
    return {true, counted(collections.size(), "collection", "collections") + " with " +
                      counted(documents, "document", "documents")};
  }

  static std::pair<bool, std::string> tables(const Json& facts) {
    const auto& tables = object_in(facts, "tables");
    std::uint64_t rows = 0;
    for (const auto& table : tables) rows += count_in(table, "rows");
    if (tables.empty()) return {false, "the database holds no table"};
    return {true,
            counted(tables.size(), "table", "tables") + " with " + counted(rows, "row", "rows")};
  }

  static std::pair<bool, std::string> files(const Json& facts) {
    const auto count = count_in(facts, "files");
    if (count == 0) return {false, "it holds no file"};
    return {true, counted(count, "file", "files") + ", " + describe_size(count_in(facts, "bytes"))};
  }

  ForeignBackup& backup_;
};

// A backup without facts cannot be compared with its source, but with the backups before it.
class ForeignTrend final : public Question {
 public:
  explicit ForeignTrend(const ForeignBackup& backup) : backup_(backup) {}
  std::string id() const override { return "trend." + backup_.source->name; }
  std::string proves() const override {
    return "no table is gone or empty and nothing holds less than half of what the backups before "
           "it held";
  }

  Result<std::vector<CheckResult>> run(CheckScope&, const RunContext&) override {
    CheckResult result;
    result.id = id();
    result.proves_data = true;
    result.outcome = Outcome::passed;
    const auto now = trend_facts(backup_.manifest.facts);
    const Json& before = object_in(backup_.earlier[0], "facts");
    compare_counts(now["counts"], object_in(before, "counts"), result);
    compare_objects(now["objects"], object_in(before, "objects"), result);
    result.message = result.details.empty()
                         ? "compared with " + counted(backup_.earlier.size(), "backup", "backups") +
                               " drilled before"
                         : result.details[0];
    if (result.details.size() > 1)
      result.message += " and " + counted(result.details.size() - 1, "more", "more");
    return std::vector{std::move(result)};
  }

 private:
  void compare_counts(const Json& now, const Json& before, CheckResult& result) const {
    for (const auto& [path, last] : before.items()) {
      const auto was = usual(path);
      const auto found = now.find(path);
      if (found == now.end())
        note(result, Outcome::failed, path + " is gone; it was " + last.dump());
      else if (const auto is = found->get<std::uint64_t>(); is == 0 && was > 0)
        note(result, Outcome::failed, path + " is 0, usual is " + std::to_string(was));
      else if (was >= kSmallCount && is * 2 < was)
        note(result, Outcome::failed,
             path + " is " + std::to_string(is) + ", usual is " + std::to_string(was));
    }
  }

  std::uint64_t usual(const std::string& path) const {
    std::vector<std::uint64_t> values;
    for (const auto& record : backup_.earlier) {
      const Json& counts = object_in(object_in(record, "facts"), "counts");
      if (counts.contains(path)) values.push_back(count_in(counts, path.c_str()));
    }
    return median_of(std::move(values));
  }

  // A release changes the schema, and so does somebody else's database.
  static void compare_objects(const Json& now, const Json& before, CheckResult& result) {
    for (const auto& [name, sql] : before.items())
      if (!now.contains(name))
        note(result, Outcome::warned, name + " is gone from the schema");
      else if (now[name] != sql)
        note(result, Outcome::warned, name + " has another definition than before");
    for (const auto& [name, sql] : now.items())
      if (!before.contains(name)) note(result, Outcome::warned, name + " is new in the schema");
  }

  static void note(CheckResult& result, Outcome outcome, std::string what) {
    const bool worse = outcome == Outcome::failed || result.outcome == Outcome::passed;
    if (worse) result.outcome = outcome;
    if (result.details.size() < kMaxDetails) result.details.push_back(std::move(what));
  }

  const ForeignBackup& backup_;
};

// Its options and each of its indexes.
void note_collection(const std::string& name, const Json& collection, Json& objects) {
  objects[name] = text_in(collection, {"type"}) + " " + text_in(collection, {"options"});
  for (const auto& [index, hash] : object_in(collection, "indexes").items())
    objects[name + ", index " + index] = hash;
}

}  // namespace

std::unique_ptr<Question> make_readable_check(ForeignBackup& backup) {
  return std::make_unique<ReadableCheck>(backup);
}

void leave_out_same(ForeignBackup& backup, const Json& facts) {
  if (backup.chosen) return;
  std::erase_if(backup.earlier,
                [&](const Json& record) { return object_in(record, "facts") == facts; });
}

std::unique_ptr<Question> make_foreign_trend_check(const ForeignBackup& backup) {
  return std::make_unique<ForeignTrend>(backup);
}

Json trend_facts(const Json& facts) {
  Json objects = Json::object();
  const Json& schema = object_in(facts, "objects");
  if (schema.size() <= kMostObjects)
    for (const auto& [name, object] : schema.items())
      objects[name] = text_in(object, {"sql_sha256"});
  auto counts = counts_in(facts);
  const Json& collections = object_in(facts, "collections");
  for (const auto& [name, collection] : collections.items()) {
    // Documents are fewer or not; that each is smaller is everyday life.
    counts.erase("collections." + name + ".bytes");
    note_collection(name, collection, objects);
  }
  if (objects.size() > kMostObjects) objects = Json::object();
  return {{"counts", counts}, {"objects", std::move(objects)}};
}

}  // namespace lifeboat::drill
