#include "engine/mongodb/engine.h"

#include "engine/mongodb/before_restore.h"
#include "engine/mongodb/change_log.h"
#include "engine/mongodb/doctor.h"
#include "engine/mongodb/grants.h"
#include "engine/mongodb/identity.h"
#include "engine/mongodb/inspector.h"
#include "engine/mongodb/launcher.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/metadata.h"
#include "engine/mongodb/sabotage.h"
#include "engine/mongodb/source.h"
#include "engine/mongodb/target.h"

namespace lifeboat::engine::mongodb {
namespace {

class MongoEngine final : public Engine {
 public:
  std::string scheme() const override { return "mongodb"; }
  Traits traits() const override {
    return {.has_log = true, .is_database = true, .is_server = true};
  }

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
  Result<std::vector<Grant>> grants(const SourceOptions& options) const override {
    return grants_for(TRY(database_of(options)), options.mongodb.fuzzy);
  }
  Result<std::uint64_t> estimate(const SourceOptions& options, const RunContext&) const override {
    return estimate_source(options);
  }
  Result<Identity> identify(const SourceOptions& options) const override {
    return identify_source(options);
  }
  Result<PlaceState> look_at(const std::string& place) const override {
    return look_at_place(place);
  }
  bool is_catalog(const EntryInfo& entry) const override;
  Result<std::vector<Finding>> losses_at(const std::string& place,
                                         const Brought& brought) const override {
    return mongodb::losses_at(place, brought);
  }
  Result<std::vector<Finding>> recover(const TargetOptions& options) const override {
    return recover_place(options);
  }
  std::string server_program() const override { return "mongod"; }
  Result<LaunchPlan> plan_launch(const LaunchRequest& request) const override {
    return plan_server(request);
  }
  Result<void> prepare_launched(const LaunchRequest& request) const override {
    return prepare_server(request);
  }
  Result<std::unique_ptr<ChangeLog>> open_change_log(const SourceOptions& options) const override {
    return make_change_log(options);
  }
  std::uint64_t log_position_at(Time moment) const override {
    return mongodb::log_position_at(moment);
  }
  Time log_time_of(std::uint64_t position) const override {
    return time_of(timestamp_of(position));
  }
  Result<std::uint64_t> parse_log_position(const std::string& text) const override {
    return mongodb::parse_log_position(text);
  }
  std::string describe_log_position(std::uint64_t position) const override {
    return moment_text(timestamp_of(position));
  }
  Result<LogRoute> plan_replay(const Json& position, const std::vector<Json>& pieces,
                               std::uint64_t until) const override {
    return route_log(position, pieces, until);
  }
  Result<std::string> describe(const EntryInfo& entry) const override;
  bool holds(const EntryInfo& entry, const std::string& object) const override;
  bool is_for_all(const EntryInfo& entry) const override;
  Result<void> extract_object(const std::string&, const std::string&,
                              const std::string&) const override {
    return fail(Code::usage, "a collection is restored by itself, not cut out");
  }
  std::vector<Defect> defects() const override { return mongodb_defects(); }
  Result<std::optional<std::string>> plant(const std::string& defect,
                                           const std::string& place) const override {
    return plant_defect(defect, place);
  }
};

Result<std::string> MongoEngine::describe(const EntryInfo& entry) const {
  const auto metadata = TRY_CONTEXT("entry " + entry.path, decode_metadata(entry.metadata));
  if (metadata.kind == Metadata::Kind::catalog) return std::string("catalog");
  if (metadata.kind == Metadata::Kind::accounts) return std::string("users and roles");
  if (metadata.kind == Metadata::Kind::log) return std::string("log of the time of the backup");
  const auto count = metadata.collection.indexes.size();
  const bool is_documents = metadata.kind == Metadata::Kind::measurements;
  return (metadata.is_of_series() ? "time series, " : "collection, ") + std::to_string(count) +
         (count == 1 ? " index" : " indexes") + (is_documents ? ", as documents" : "");
}

// What cannot be read here fails when it is restored.
bool MongoEngine::holds(const EntryInfo& entry, const std::string& object) const {
  const auto metadata = decode_metadata(entry.metadata);
  return metadata && metadata->has_collection() && metadata->collection.name == object;
}

bool MongoEngine::is_catalog(const EntryInfo& entry) const {
  const auto metadata = decode_metadata(entry.metadata);
  return metadata && metadata->kind == Metadata::Kind::catalog;
}

bool MongoEngine::is_for_all(const EntryInfo& entry) const {
  const auto metadata = decode_metadata(entry.metadata);
  return metadata && metadata->kind == Metadata::Kind::log;
}

}  // namespace

const Engine& mongodb_engine() {
  static const MongoEngine kEngine;
  return kEngine;
}

}  // namespace lifeboat::engine::mongodb
