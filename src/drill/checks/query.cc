#include <charconv>
#include <cmath>

#include "base/json_value.h"
#include "drill/check.h"

namespace lifeboat::drill {
namespace {

std::string text_of_value(const Json& value) {
  return value.is_string() ? value.get<std::string>() : canonical_json(value);
}

std::optional<double> parse_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

template <class T>
bool holds(Relation relation, const T& found, const T& operand) {
  switch (relation) {
    case Relation::equal:
      return found == operand;
    case Relation::not_equal:
      return found != operand;
    case Relation::less:
      return found < operand;
    case Relation::less_or_equal:
      return found <= operand;
    case Relation::greater:
      return found > operand;
    case Relation::greater_or_equal:
      return found >= operand;
  }
  return false;
}

Result<bool> is_as_expected(const Expectation& expect, const Json& answer) {
  const auto found = text_of_value(answer);
  const auto left = parse_number(found);
  const auto right = parse_number(expect.operand);
  if (left && right) return holds(expect.relation, *left, *right);
  if (expect.relation == Relation::equal || expect.relation == Relation::not_equal)
    return holds(expect.relation, found, expect.operand);
  return fail(Code::config_invalid, describe_value(answer) + " cannot be compared by \"" +
                                        expect.text + "\": not two numbers");
}

class QueryQuestion final : public Question {
 public:
  explicit QueryQuestion(const QueryCheck& options) : options_(options) {}
  std::string id() const override { return "query." + options_.name; }
  std::string proves() const override {
    return "a question about the restored data has the expected answer";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, options_.source));
    const auto rows = TRY(source->inspector->query(options_.text, 2, context));
    if (rows.size() != 1 || rows[0].size() != 1)
      return fail(Code::config_invalid, "the query must answer one row of one value");
    const auto& found = rows[0][0];
    CheckResult result;
    result.id = id();
    result.proves_data = true;
    result.outcome =
        TRY(is_as_expected(options_.expect, found)) ? Outcome::passed : Outcome::failed;
    result.message = "expected " + options_.expect.text + ", found " + describe_value(found);
    return std::vector{std::move(result)};
  }

 private:
  QueryCheck options_;
};

}  // namespace

std::unique_ptr<Question> make_query_check(const QueryCheck& options) {
  return std::make_unique<QueryQuestion>(options);
}

}  // namespace lifeboat::drill
