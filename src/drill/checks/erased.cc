#include "base/json_value.h"
#include "drill/check.h"

namespace lifeboat::drill {
namespace {

// The number that a path such as "tables.orders.rows" leads to in both, by what is counted.
void compare(const Json& here, const Json& newest, const std::string& path,
             std::vector<std::string>& more) {
  for (const auto& [key, value] : here.items()) {
    const auto found = newest.is_object() ? newest.find(key) : newest.end();
    const bool there = newest.is_object() && found != newest.end();
    const auto at = path.empty() ? key : path + "." + key;
    if (value.is_object()) {
      compare(value, there ? *found : Json(), at, more);
    } else if ((key == "rows" || key == "files") && value.is_number_unsigned()) {
      const auto then = value.get<std::uint64_t>();
      const auto now = there && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
      if (then > now)
        more.push_back(at + ": " + std::to_string(then) + ", in the newest " + std::to_string(now));
    }
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
    const auto list = TRY(scope.repository.snapshots(context));
    const auto& chosen = scope.snapshot->info();
    std::size_t newer = 0;
    const repository::SnapshotInfo* newest = nullptr;
    for (const auto& each : list.snapshots) {
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
        if (other.name == source.name && source.facts.is_object())
          compare(source.facts, other.facts, source.name, result.details);
    if (!result.details.empty()) result.message += "; more of " + result.details.front();
    if (result.details.size() > kMaxDetails) result.details.resize(kMaxDetails);
    return result;
  }
};

}  // namespace

std::unique_ptr<Question> make_erased_check() { return std::make_unique<ErasedQuestion>(); }

}  // namespace lifeboat::drill
