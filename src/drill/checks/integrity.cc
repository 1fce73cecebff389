#include "drill/check.h"

namespace lifeboat::drill {
namespace {

// The engine's own structural check. It is no proof of the data: an empty database passes it too.
class IntegrityCheck final : public Question {
 public:
  explicit IntegrityCheck(std::string source) : source_(std::move(source)) {}
  std::string id() const override { return "integrity." + source_; }
  std::string proves() const override {
    return "the database's own structures are sound (it says nothing about missing data)";
  }
  static std::string proves_quickly() {
    return "pages and records are well-formed and references hold; that indexes agree with their "
           "tables is not looked at in this tier";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, source_));
    const bool quick = scope.tier == "quick";
    const auto complaints = TRY(source->inspector->integrity(quick, context));
    CheckResult result;
    if (quick) result.proves = proves_quickly();
    result.id = id();
    result.outcome = complaints.empty() ? Outcome::passed : Outcome::failed;
    result.message = complaints.empty() ? "no complaints"
                                        : std::to_string(complaints.size()) +
                                              " complaints; first: " + complaints[0];
    for (std::size_t i = 0; i < complaints.size() && i < kMaxDetails; ++i)
      result.details.push_back(complaints[i]);
    return std::vector{std::move(result)};
  }

 private:
  std::string source_;
};

}  // namespace

std::unique_ptr<Question> make_integrity_check(const std::string& source) {
  return std::make_unique<IntegrityCheck>(source);
}

}  // namespace lifeboat::drill
