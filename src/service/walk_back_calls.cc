#include "service/walk_back_calls.h"

#include "base/json_value.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kMostFacts = 50;
constexpr std::size_t kLongestValue = 80;

std::string shown(const Json& value) {
  const auto text = value.is_null() ? std::string("–") : canonical_json(value);
  return text.size() <= kLongestValue ? text : text.substr(0, kLongestValue) + "…";
}

// What the backups themselves say of the two moments: the leaves that differ.
class FactChanges {
 public:
  explicit FactChanges(std::string source) : source_(std::move(source)) {}

  void compare(const Json& before, const Json& after, const std::string& path) {
    if (before == after || list_.size() >= kMostFacts) return;
    if (!before.is_object() && !after.is_object()) {
      list_.push_back({{"source", source_},
                       {"fact", path},
                       {"before", shown(before)},
                       {"after", shown(after)}});
      return;
    }
    const auto none = Json::object();
    const auto& one = before.is_object() ? before : none;
    const auto& other = after.is_object() ? after : none;
    for (const auto& [key, value] : one.items())
      compare(value, other.value(key, Json()), at(path, key));
    for (const auto& [key, value] : other.items())
      if (!one.contains(key)) compare(Json(), value, at(path, key));
  }
  Json list() && { return std::move(list_); }

 private:
  static std::string at(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  std::string source_;
  Json list_ = Json::array();
};

Json facts_of(const Json& shown_snapshot, const std::string& source) {
  for (const auto& each : shown_snapshot["sources"])
    if (each["name"] == source) return each["facts"];
  return {};
}

Result<Json> changed_facts(const Setup& setup, const SnapshotChoice& good,
                           const SnapshotChoice& bad, const RunContext& context) {
  const auto before = TRY(show_snapshot(setup, good, context)).body;
  const auto after = TRY(show_snapshot(setup, bad, context)).body;
  Json all = Json::array();
  for (const auto& source : after["sources"]) {
    const auto name = source["name"].get<std::string>();
    FactChanges changes(name);
    changes.compare(facts_of(before, name), source["facts"], "");
    for (auto& each : std::move(changes).list()) all.push_back(std::move(each));
  }
  return all;
}

Result<void> add_changes(const Setup& setup, const WalkBackOutcome& outcome, Json& json,
                         const RunContext& context) {
  if (!outcome.walk.newest_good) return {};
  const auto choice_of = [&](const repository::SnapshotInfo& info) {
    SnapshotChoice choice;
    choice.service = info.service;
    choice.repository = outcome.repository;
    choice.snapshot = info.id.hex();
    return choice;
  };
  const auto good = choice_of(*outcome.walk.newest_good);
  const auto bad = choice_of(outcome.walk.first_bad);
  auto contents = TRY(compare_snapshots(setup, good, bad.snapshot, context)).body;
  for (const auto* key : {"added", "removed", "changed"})
    json["contents"][key] = std::move(contents[key]);
  json["facts"] = TRY(changed_facts(setup, good, bad, context));
  return {};
}

Result<void> keep_result(const Setup& setup, const WalkBackOutcome& outcome,
                         const RunContext& context) {
  const auto& walk = outcome.walk;
  if (!walk.undecided.empty()) return {};
  SayCall call;
  call.choice.service = walk.first_bad.service;
  call.choice.repository = outcome.repository;
  call.choice.snapshot = walk.first_bad.id.hex();
  call.kind = "note";
  call.text = walk.newest_good ? "a walk back found this one bad, and " +
                                     walk.newest_good->id.hex().substr(0, 10) + " before it good"
                               : "a walk back found this one bad, and none before it good";
  TRY(say_of_snapshot(setup, call, context));
  return {};
}

}  // namespace

Result<Json> walk_back_answer(const Setup& setup, const WalkBackOutcome& outcome,
                              const RunContext& context) {
  const auto& walk = outcome.walk;
  Json json{{"newest_good", walk.newest_good ? to_json(*walk.newest_good) : Json()},
            {"first_bad", to_json(walk.first_bad)},
            {"trials", Json::array()},
            {"undecided", walk.undecided}};
  for (const auto& trial : walk.trials)
    json["trials"].push_back({{"snapshot", to_json(trial.snapshot)},
                              {"verdict", drill::name_of(trial.verdict)},
                              {"reason", trial.reason},
                              {"drill", trial.drill}});
  // The drills are over and sealed: what cannot be told beside them is said, not fatal.
  if (const auto changes = add_changes(setup, outcome, json, context); !changes)
    context.log.warning("what changed is not known: " + changes.error().describe());
  if (const auto kept = keep_result(setup, outcome, context); !kept)
    context.log.warning("the snapshot could not be noted: " + kept.error().describe());
  return json;
}

}  // namespace lifeboat::service
