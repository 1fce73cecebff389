#include "drill/check.h"
#include "drill/counts.h"

namespace lifeboat::drill {
namespace {

// What is counted and is less in the newest.
void compare(const std::string& source, const Counts& here, const Counts& newest,
             std::vector<std::string>& more) {
  for (const auto& [path, then] : here) {
    if (path.ends_with("bytes")) continue;
    const auto found = newest.find(path);
    const auto now = found == newest.end() ? 0 : found->second;
    if (then > now)
      more.push_back(source + "." + path + ": " + std::to_string(then) + ", in the newest " +
                     std::to_string(now));
  }
}

// An older backup brings back whoever was erased since. Who that is no backup can know; that it is
// so, and where it is seen in the counts, is said.
class ErasedQuestion final : public Question {
 public:
  std::string id() const override { return "erased-since"; }
  std::string proves() const override {
    return "no newer backup is known in which something of this one was deleted";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    const auto& chosen = scope.snapshot->info();
    std::size_t newer = 0;
    const repository::SnapshotInfo* newest = nullptr;
    for (const auto& each : scope.snapshots) {
      if (each.service != chosen.service || !each.complete || each.time <= chosen.time) continue;
      ++newer;
      if (newest == nullptr || each.time > newest->time) newest = &each;
    }
    if (newest == nullptr) return std::vector<CheckResult>{};
    return std::vector{TRY(judge(scope, *newest, newer, context))};
  }

 private:
  Result<CheckResult> judge(CheckScope& scope, const repository::SnapshotInfo& newest,
                            std::size_t newer, const RunContext& context) const {
    CheckResult result;
    result.id = id();
    result.outcome = Outcome::warned;
    result.message = counted(newer, "newer snapshot", "newer snapshots") +
                     ": what was erased after " + to_rfc3339(scope.snapshot->info().time) +
                     " is in this one";
    const auto reader = scope.repository.open_snapshot(newest.id, context);
    if (!reader) return result;
    for (const auto& source : scope.snapshot->sources())
      for (const auto& other : (*reader)->sources())
        if (other.name == source.name)
          compare(source.name, counts_in(source.facts), counts_in(other.facts), result.details);
    if (!result.details.empty()) result.message += "; more of " + result.details.front();
    if (result.details.size() > kMaxDetails) result.details.resize(kMaxDetails);
    return result;
  }
};

}  // namespace

std::unique_ptr<Question> make_erased_check() { return std::make_unique<ErasedQuestion>(); }

}  // namespace lifeboat::drill
