#pragma once
// Snapshots on their way out of repositories: what retention and a person's wish share. Stateless.
#include "policy/retention.h"
#include "service/service.h"

namespace lifeboat::service {

policy::RetainedSnapshot retained(const repository::SnapshotInfo& info);

// {"repository", "keep": [{"snapshot", "reasons"}], "forget": […], "findings"}
Json to_json(const ForgetPlan& plan);

// One snapshot that was named, and where it is.
struct NamedSnapshot {
  std::size_t plan = 0;  // of the plans it was looked for in
  repository::SnapshotInfo info;
};
// Where a word, at least four digits of an id, names one snapshot in the plans; `not_found` or
// `usage` when it names none or several.
Result<std::vector<NamedSnapshot>> find_named(const std::vector<ForgetPlan>& plans,
                                              const std::string& word);
// Decides all that was named; `refused` with the reason when one may not go: then none goes.
Result<void> decide_named(std::vector<ForgetPlan>& plans, const std::vector<NamedSnapshot>& named);

}  // namespace lifeboat::service
