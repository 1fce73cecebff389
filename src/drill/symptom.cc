#include "drill/symptom.h"

#include <algorithm>

namespace lifeboat::drill {
namespace {

class Collection {
 public:
  explicit Collection(const Report& report) : report_(report) {}

  // What was found in a place that was not the sandbox any more says nothing.
  bool is_blind() const { return report_.tear_down && report_.tear_down->vanished; }

  void take_stage() {
    if (!report_.error || is_blind()) return;
    const auto& context = report_.error->context();
    auto& symptom = add(Symptom::Of::stage, context.empty() ? "drill" : context.back(),
                        report_.error->describe());
    symptom.error = &*report_.error;
  }

  void take_checks() {
    if (is_blind()) return;
    for (const auto& check : report_.checks) {
      // Somebody answers for what is waived.
      if (check.outcome == Outcome::passed || check.outcome == Outcome::waived) continue;
      if (check.signs.empty()) add(Symptom::Of::check, check.id, check.message).check = &check;
      for (std::size_t i = 0; i < check.signs.size(); ++i) {
        auto& symptom = add(Symptom::Of::check, check.id, text_of(check, i));
        symptom.check = &check;
        symptom.sign = &check.signs[i];
      }
    }
  }

  void take_tear_down() {
    if (!report_.tear_down || report_.tear_down->clean()) return;
    const auto& left = report_.tear_down->remaining;
    std::string text = left.empty() ? "the sandbox was gone before it was removed" : "still there:";
    for (const auto& each : left) text += " " + each;
    add(Symptom::Of::tear_down, "tear-down", std::move(text));
  }

  void take_findings() {
    for (const auto& finding : report_.findings)
      add(Symptom::Of::finding, finding.code, finding.subject + ": " + finding.message);
  }

  void take_objectives() {
    const auto& measures = report_.measures;
    if (measures.rto == Judgement::missed)
      add(Symptom::Of::objective, "rto",
          describe_duration(*measures.recovery) + " instead of " +
              describe_duration(*measures.rto_objective) + slowest());
    if (measures.rpo == Judgement::missed)
      add(Symptom::Of::objective, "rpo",
          "the newest data is " + describe_duration(*measures.rpo_age) + " old, promised are " +
              describe_duration(*measures.rpo_objective));
  }

  static bool is_undecided(Verdict verdict) {
    return verdict == Verdict::failed || verdict == Verdict::unverified;
  }

  // A drill in which nothing went wrong and that is not proven: it asked nothing.
  void take_verdict() {
    if (!symptoms_.empty() || !is_undecided(report_.verdict)) return;
    add(Symptom::Of::verdict, "verdict", report_.reason);
  }

  std::vector<Symptom> symptoms() && { return std::move(symptoms_); }

 private:
  Symptom& add(Symptom::Of of, std::string subject, std::string text) {
    return symptoms_.emplace_back(Symptom{of, std::move(subject), std::move(text), report_});
  }

  // Signs and details of a check are made in pairs.
  static std::string text_of(const CheckResult& check, std::size_t number) {
    return number < check.details.size() ? check.details[number] : check.signs[number].object;
  }

  std::string slowest() const {
    const auto& stages = report_.stages;
    const auto found = std::max_element(
        stages.begin(), stages.end(),
        [](const auto& one, const auto& other) { return one.elapsed < other.elapsed; });
    if (found == stages.end()) return "";
    return "; the slowest stage is " + found->name + " with " + describe_duration(found->elapsed);
  }

  const Report& report_;
  std::vector<Symptom> symptoms_;
};

}  // namespace

std::vector<Symptom> symptoms_of(const Report& report) {
  Collection collection(report);
  collection.take_stage();
  collection.take_checks();
  collection.take_tear_down();
  collection.take_verdict();
  collection.take_findings();
  collection.take_objectives();
  return std::move(collection).symptoms();
}

bool is_check(const Symptom& symptom, std::string_view prefix, Outcome outcome) {
  return symptom.check != nullptr && symptom.check->outcome == outcome &&
         symptom.subject.starts_with(prefix);
}

bool says(const Symptom& symptom, std::string_view words) {
  return symptom.text.find(words) != std::string::npos;
}

bool all_passed(const Report& report, std::string_view prefix) {
  bool any = false;
  for (const auto& check : report.checks) {
    if (!check.id.starts_with(prefix)) continue;
    if (check.outcome != Outcome::passed) return false;
    any = true;
  }
  return any;
}

}  // namespace lifeboat::drill
