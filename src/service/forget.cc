#include "service/forget.h"

#include <algorithm>

#include "service/json.h"

namespace lifeboat::service {
namespace {

using repository::SnapshotInfo;

constexpr std::size_t kFewestDigits = 4;

const SnapshotInfo* find_snapshot(const ForgetPlan& plan, const std::string& id) {
  const auto found =
      std::ranges::find_if(plan.snapshots, [&](const auto& each) { return each.id.hex() == id; });
  return found == plan.snapshots.end() ? nullptr : &*found;
}

std::string short_id(const std::string& id) { return id.substr(0, 10); }

Result<void> check_word(const std::string& word) {
  const bool digits = word.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (digits && word.size() >= kFewestDigits) return {};
  return fail(Error(Code::usage, "--snapshot \"" + word + "\" is no snapshot's id")
                  .with_hint("Write the id, or at least four digits of its beginning: "
                             "`lifeboat snapshots` lists them."));
}

Failure none_named(const std::string& word) {
  return fail(Error(Code::not_found, "there is no snapshot " + word)
                  .with_hint("`lifeboat snapshots` lists what there is."));
}

Failure several_named(const std::string& word) {
  return fail(Error(Code::usage, "more than one snapshot begins with " + word)
                  .with_hint("Write more of the id."));
}

std::string hint_against(const std::string& reason, const SnapshotInfo& snapshot) {
  const auto id = short_id(snapshot.id.hex());
  if (reason == "held")
    return "Nothing was changed. `lifeboat snapshots release " + id + "` lets it go.";
  if (reason == "last proven")
    return "Nothing was changed. Prove another one first: `lifeboat drill run " + snapshot.service +
           " --snapshot ID`.";
  return "Nothing was changed. Name the snapshots that need it too, or keep it.";
}

std::string words_against(const std::string& reason) {
  if (reason == "held") return "is held";
  if (reason == "last proven") return "is the last one that a drill has proven";
  return "is " + reason;
}

Failure refuse(const policy::Decision& decision, const SnapshotInfo& snapshot) {
  std::string why;
  for (const auto& reason : decision.reasons)
    why += (why.empty() ? "" : " and ") + words_against(reason);
  return fail(Error(Code::refused,
                    "snapshot " + short_id(decision.id) + " of " + snapshot.service + " " + why)
                  .with_hint(hint_against(decision.reasons.at(0), snapshot)));
}

// What retention says of a snapshot looks at those of its own service.
std::vector<policy::Decision> decide_in(const ForgetPlan& plan,
                                        const std::vector<std::string>& ids) {
  std::map<std::string, std::vector<policy::RetainedSnapshot>> by_service;
  for (const auto& each : plan.snapshots) by_service[each.service].push_back(retained(each));
  std::vector<policy::Decision> decisions;
  for (const auto& [service, snapshots] : by_service)
    std::ranges::move(policy::decide_removal(snapshots, ids), std::back_inserter(decisions));
  return decisions;
}

}  // namespace

Json to_json(const ForgetPlan& plan) {
  Json json{{"repository", plan.repository_name},
            {"keep", Json::array()},
            {"forget", Json::array()},
            {"findings", service::to_json(plan.findings)}};
  for (const auto& decision : plan.decisions) {
    const auto* snapshot = find_snapshot(plan, decision.id);
    if (snapshot == nullptr) continue;
    json[decision.keep ? "keep" : "forget"].push_back(
        {{"snapshot", service::to_json(*snapshot)}, {"reasons", decision.reasons}});
  }
  return json;
}

Result<std::vector<NamedSnapshot>> find_named(const std::vector<ForgetPlan>& plans,
                                              const std::string& word) {
  TRY(check_word(word));
  std::vector<NamedSnapshot> found;
  for (std::size_t at = 0; at < plans.size(); ++at)
    for (const auto& each : plans[at].snapshots)
      if (each.id.hex().starts_with(word)) found.push_back({at, each});
  if (found.empty()) return none_named(word);
  const auto other = [&](const NamedSnapshot& each) { return each.info.id != found[0].info.id; };
  if (std::ranges::any_of(found, other)) return several_named(word);
  return found;
}

Result<void> decide_named(std::vector<ForgetPlan>& plans, const std::vector<NamedSnapshot>& named) {
  for (std::size_t at = 0; at < plans.size(); ++at) {
    std::vector<std::string> ids;
    for (const auto& each : named)
      if (each.plan == at) ids.push_back(each.info.id.hex());
    plans[at].decisions = decide_in(plans[at], ids);
    for (const auto& decision : plans[at].decisions)
      if (decision.keep) return refuse(decision, *find_snapshot(plans[at], decision.id));
  }
  return {};
}

}  // namespace lifeboat::service
