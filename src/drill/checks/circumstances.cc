#include "drill/check.h"

namespace lifeboat::drill {
namespace {

// Whether the drill runs under the release and the secrets that the backup was taken under. A
// difference is no fault of the backup, but explains why an application does not like its data.
class CircumstancesQuestion final : public Question {
 public:
  CircumstancesQuestion(const Labels& at_backup, const Labels& now)
      : at_backup_(at_backup), now_(now) {}
  std::string id() const override { return "release"; }
  std::string proves() const override {
    return "the drill ran under the release and the keys that the backup was taken under";
  }

  Result<std::vector<CheckResult>> run(CheckScope&, const RunContext&) override {
    std::vector<CheckResult> results;
    for (const auto& [name, then] : at_backup_) {
      const auto now = now_.find(name);
      if (now == now_.end()) continue;
      if (name == kReleaseLabel) results.push_back(of_release(then, now->second));
      if (name.starts_with(kSecretLabel)) results.push_back(of_secret(name, then == now->second));
    }
    return results;
  }

 private:
  static CheckResult of_release(const std::string& then, const std::string& now) {
    CheckResult result;
    result.id = kReleaseLabel;
    result.outcome = then == now ? Outcome::passed : Outcome::warned;
    result.message = then == now ? now + ", as at the backup"
                                 : "the backup was taken under " + then + ", here it is " + now;
    return result;
  }

  static CheckResult of_secret(const std::string& label, bool same) {
    CheckResult result;
    result.id = label;
    result.outcome = same ? Outcome::passed : Outcome::warned;
    const auto name = label.substr(std::string_view(kSecretLabel).size());
    result.message = name + (same ? " is the one that the backup was taken with"
                                  : " is not the one that the backup was taken with");
    return result;
  }

  Labels at_backup_;
  Labels now_;
};

}  // namespace

std::unique_ptr<Question> make_circumstances_check(const Labels& at_backup, const Labels& now) {
  return std::make_unique<CircumstancesQuestion>(at_backup, now);
}

}  // namespace lifeboat::drill
