#include "base/json_value.h"
#include "drill/check.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;

// Seconds, or milliseconds when that large (seconds would lie after the year 5000).
Time time_of_number(std::int64_t number) {
  constexpr std::int64_t kFirstMilliseconds = 100'000'000'000;
  return number < kFirstMilliseconds ? Time(std::chrono::seconds(number))
                                     : Time(std::chrono::milliseconds(number));
}

// What SQLite's CURRENT_TIMESTAMP writes ("2026-11-20 14:32:07", UTC), RFC 3339, or a number.
Result<Time> time_of(const Json& value) {
  if (value.is_number_integer()) return time_of_number(value.get<std::int64_t>());
  if (value.is_number()) return time_of_number(static_cast<std::int64_t>(value.get<double>()));
  if (!value.is_string()) return fail(Code::check_failed, "the newest value is not a time");
  const auto text = value.get<std::string>();
  if (auto exact = parse_rfc3339(text)) return exact;
  if (auto in_utc = parse_rfc3339(text + "Z")) return in_utc;
  return fail(Code::usage, "the newest value, " + describe_value(value) + ", is not a time");
}

class FreshnessQuestion final : public Question {
 public:
  explicit FreshnessQuestion(const FreshnessCheck& options) : options_(options) {}
  std::string id() const override { return "freshness." + options_.source + "." + options_.table; }
  std::string proves() const override {
    return "the data was being written until shortly before the backup";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, options_.source));
    const auto newest = TRY(source->inspector->newest(options_.table, options_.field, context));
    CheckResult result;
    result.id = id();
    result.proves_data = true;
    if (newest.is_null()) {
      result.outcome = Outcome::failed;
      result.message = options_.table + " is empty: there is no newest " + options_.field;
      return std::vector{std::move(result)};
    }
    judge(TRY(time_of(newest)), source->time, result);
    return std::vector{std::move(result)};
  }

 private:
  // Against the snapshot's own instant, so that a drill next month says the same.
  void judge(Time newest, Time snapshot, CheckResult& result) const {
    const auto age = snapshot - newest;
    const bool fresh = age <= options_.within && age >= -1min;
    result.outcome = fresh ? Outcome::passed : Outcome::failed;
    const auto relation = age >= 0s ? " before the backup" : " after the backup: a clock is wrong";
    result.message = "the newest " + options_.field + " is " +
                     describe_duration(age >= 0s ? age : -age) + relation + ", allowed are " +
                     describe_duration(options_.within);
  }

  FreshnessCheck options_;
};

}  // namespace

std::unique_ptr<Question> make_freshness_check(const FreshnessCheck& options) {
  return std::make_unique<FreshnessQuestion>(options);
}

}  // namespace lifeboat::drill
