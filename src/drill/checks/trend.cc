#include <map>

#include "base/median.h"
#include "drill/check.h"
#include "drill/counts.h"
#include "restore/plan.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kSnapshots = 7;
constexpr std::uint64_t kSmall = 100;  // below this, half as much is everyday life

// Equality shows that the backup is what the source was; this shows that the source had not lost
// what it always had.
class TrendQuestion final : public Question {
 public:
  std::string id() const override { return "trend"; }
  std::string proves() const override {
    return "no table and no folder holds less than half of what the snapshots before it held";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto earlier = TRY(earlier_counts(scope, context));
    std::vector<CheckResult> results;
    for (const auto& source : scope.snapshot->sources()) {
      const auto& before = earlier[source.name];
      if (before.empty() || source.facts.empty()) continue;  // the first has no trend
      results.push_back(judge_source(source, before));
    }
    return results;
  }

 private:
  // By source, the newest first.
  using Earlier = std::map<std::string, std::vector<Counts>>;

  // One that cannot be read is what `verify` is for, not this drill.
  static Result<Earlier> earlier_counts(CheckScope& scope, const RunContext& context) {
    const auto before = restore::complete_before(scope.snapshots, scope.snapshot->info());
    Earlier earlier;
    for (auto each = before.rbegin(); each != before.rend(); ++each) {
      if (is_enough(earlier, scope.snapshot->sources())) break;
      TRY(context.check_stop());
      const auto snapshot = scope.repository.open_snapshot(each->id, context);
      if (!snapshot) continue;
      remember((*snapshot)->sources(), earlier);
    }
    return earlier;
  }

  static void remember(const std::vector<repository::SourceManifest>& sources, Earlier& earlier) {
    for (const auto& source : sources) {
      auto counts = counts_in(source.facts);
      auto& known = earlier[source.name];
      if (!counts.empty() && known.size() < kSnapshots) known.push_back(std::move(counts));
    }
  }

  static bool is_enough(Earlier& earlier, const std::vector<repository::SourceManifest>& sources) {
    return std::ranges::all_of(sources, [&](const repository::SourceManifest& source) {
      return earlier[source.name].size() == kSnapshots;
    });
  }

  CheckResult judge_source(const repository::SourceManifest& source,
                           const std::vector<Counts>& earlier) const {
    CheckResult result;
    result.id = id() + "." + source.name;
    result.outcome = Outcome::passed;
    result.message =
        "compared with " + counted(earlier.size(), "snapshot", "snapshots") + " before it";
    const auto now = counts_in(source.facts);
    compare(now, earlier, result);
    if (is_another(now, earlier)) {
      result.outcome = Outcome::failed;
      result.message = "nothing is left of what was always there; " + result.message;
    }
    return result;
  }

  // Less is a warning. None of it is another source, or one that was not there.
  static bool is_another(const Counts& now, const std::vector<Counts>& earlier) {
    std::uint64_t usual = 0;
    std::uint64_t left = 0;
    bool any_known = false;
    for (const auto& [path, before] : earlier.front()) {
      if (path.ends_with("bytes")) continue;
      const auto found = now.find(path);
      any_known |= found != now.end();
      left += found == now.end() ? 0 : found->second;
      usual += median_of(values_of(path, earlier));
    }
    return left == 0 && usual > 0 && (usual >= kSmall || !any_known);
  }

  static std::vector<std::uint64_t> values_of(const std::string& path,
                                              const std::vector<Counts>& earlier) {
    std::vector<std::uint64_t> values;
    for (const auto& counts : earlier)
      if (const auto found = counts.find(path); found != counts.end())
        values.push_back(found->second);
    return values;
  }

  static void compare(const Counts& now, const std::vector<Counts>& earlier, CheckResult& result) {
    for (const auto& [path, before] : earlier.front()) {
      const auto usual = median_of(values_of(path, earlier));
      const auto found = now.find(path);
      if (found == now.end())
        warn(result, path + " is not there any more; it was " + std::to_string(before));
      else if (usual >= kSmall && found->second * 2 < usual)
        warn(result,
             path + " is " + std::to_string(found->second) + ", usual is " + std::to_string(usual));
    }
    if (!result.details.empty()) result.message = result.details[0];
    if (result.details.size() > 1)
      result.message += " and " + counted(result.details.size() - 1, "more", "more");
  }

  static void warn(CheckResult& result, std::string what) {
    result.outcome = Outcome::warned;
    if (result.details.size() < kMaxDetails) result.details.push_back(std::move(what));
  }
};

}  // namespace

std::unique_ptr<Question> make_trend_check() { return std::make_unique<TrendQuestion>(); }

}  // namespace lifeboat::drill
