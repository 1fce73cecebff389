#include "engine/sqlite/engine.h"

#include "engine/sqlite/database_file.h"
#include "engine/sqlite/doctor.h"
#include "engine/sqlite/extract.h"
#include "engine/sqlite/inspector.h"
#include "engine/sqlite/metadata.h"
#include "engine/sqlite/sabotage.h"
#include "engine/sqlite/source.h"
#include "engine/sqlite/target.h"

namespace lifeboat::engine::sqlite {
namespace {

class SqliteEngine final : public Engine {
 public:
  std::string scheme() const override { return "sqlite"; }
  Traits traits() const override { return {.has_log = false, .is_database = true}; }

  Result<std::unique_ptr<Source>> open_source(const SourceOptions& options) const override {
    return make_source(options);
  }
  Result<std::unique_ptr<Target>> open_target(const TargetOptions& options) const override {
    return make_target(options);
  }
  Result<std::unique_ptr<Inspector>> open_inspector(const std::string& place) const override {
    return make_inspector(place);
  }
  Result<std::vector<Advice>> examine(const SourceOptions& options,
                                      const RunContext& context) const override {
    return examine_source(options, context);
  }
  Result<std::uint64_t> estimate(const SourceOptions& options, const RunContext&) const override;
  Result<Identity> identify(const SourceOptions& options) const override;
  Result<std::string> describe(const EntryInfo& entry) const override {
    return describe_metadata(TRY_CONTEXT("entry " + entry.path, decode_metadata(entry.metadata)));
  }
  // Which tables there are is only known once the database is restored.
  bool holds(const EntryInfo& entry, const std::string&) const override {
    return entry.kind == EntryKind::database;
  }
  Result<void> extract_object(const std::string& restored, const std::string& object,
                              const std::string& target) const override {
    return extract_table(restored, object, target);
  }
  std::vector<Defect> defects() const override { return sqlite_defects(); }
  Result<std::optional<std::string>> plant(const std::string& defect,
                                           const std::string& place) const override {
    return plant_defect(defect, place);
  }
};

// By name alone: to open and close the file would drop the locks that others hold on it.
Result<std::uint64_t> SqliteEngine::estimate(const SourceOptions& options,
                                             const RunContext&) const {
  std::uint64_t bytes = 0;
  for (const auto& each : {options.path, options.path + "-wal"})
    if (const auto state = TRY(state_of(each))) bytes += state->stamp.size;
  return bytes;
}

Result<Identity> SqliteEngine::identify(const SourceOptions& options) const {
  Identity identity;
  std::error_code error;
  const auto path = fs::canonical(options.path, error);
  if (error) return identity;
  for (const auto& each : {path.string(), path.string() + "-wal"}) {
    const auto state = TRY(state_of(each));
    if (!state) continue;
    identity.paths.push_back(each);
    identity.inodes.emplace_back(state->stamp.device, state->stamp.inode);
  }
  return identity;
}

}  // namespace

const Engine& sqlite_engine() {
  static const SqliteEngine kEngine;
  return kEngine;
}

}  // namespace lifeboat::engine::sqlite
