#include "drill/diagnosis.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "drill/symptom.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kShownGrounds = 3;
constexpr Rule kUnexplained{
    "unexplained", nullptr,
    "No rule explains this: what a person needs to judge it is in the report.",
    "lifeboat drill show {id}", "operator"};

// "db" of "counts.db" and "blobs.db.images".
std::string source_named(const std::string& subject) {
  const auto begin = subject.find('.');
  if (begin == std::string::npos) return subject;
  return subject.substr(begin + 1, subject.find('.', begin + 1) - begin - 1);
}

// What comes from the data is put in last, and so cannot hold a placeholder of its own.
std::string filled(std::string_view form, const Symptom& symptom) {
  std::string text(form);
  const auto& report = symptom.report;
  replace_all(text, "{id}", report.id);
  replace_all(text, "{service}", report.service);
  replace_all(text, "{snapshot}",
              report.snapshot ? report.snapshot->id.hex().substr(0, 10) : "latest");
  replace_all(text, "{source}", source_named(symptom.subject));
  replace_all(text, "{object}", symptom.sign != nullptr ? symptom.sign->object : symptom.subject);
  return text;
}

// Where a rule stands in the table: what is fundamental is said first.
struct Explained {
  const Rule* rule;
  std::size_t rank;
};

Explained rule_for(const Symptom& symptom) {
  std::size_t rank = 0;
  for (const auto rules : {program_rules(), foreign_rules(), stage_rules(), check_rules(),
                           application_rules(), finding_rules()})
    for (const auto& rule : rules) {
      if (rule.fits(symptom)) return {&rule, rank};
      ++rank;
    }
  const auto before = program_rules().size() + foreign_rules().size() + stage_rules().size() +
                      check_rules().size() + application_rules().size();
  return {&kUnexplained, before};
}

// The same rule for the same check is said once, with the first objects.
struct Merged {
  Diagnosis diagnosis;
  std::size_t rank = 0;
  bool consequence = false;
  std::size_t count = 1;
};

bool is_grave(const Symptom& symptom) {
  if (symptom.check != nullptr) return symptom.check->outcome != Outcome::warned;
  return symptom.of != Symptom::Of::finding && symptom.of != Symptom::Of::objective;
}

Merged explain(const Symptom& symptom) {
  const auto [rule, rank] = rule_for(symptom);
  Diagnosis diagnosis{std::string(rule->id),
                      symptom.subject,
                      filled(rule->cause, symptom),
                      symptom.text,
                      filled(rule->next, symptom),
                      std::string(rule->owner),
                      is_grave(symptom)};
  return {std::move(diagnosis), rank, rule->consequence};
}

void merge(std::vector<Merged>& all, Merged next) {
  const auto same = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.diagnosis.rule == next.diagnosis.rule &&
           each.diagnosis.subject == next.diagnosis.subject;
  });
  if (same == all.end()) return all.push_back(std::move(next));
  if (++same->count <= kShownGrounds) same->diagnosis.grounds += "; " + next.diagnosis.grounds;
}

bool follows_from_another(const Merged& one, const std::vector<Merged>& all) {
  return one.consequence && std::any_of(all.begin(), all.end(), [&](const auto& other) {
           return !other.consequence && other.diagnosis.subject == one.diagnosis.subject;
         });
}

}  // namespace

std::vector<Diagnosis> diagnose(const Report& report) {
  std::vector<Merged> merged;
  for (const auto& symptom : symptoms_of(report)) merge(merged, explain(symptom));
  std::stable_sort(merged.begin(), merged.end(),
                   [](const auto& one, const auto& other) { return one.rank < other.rank; });
  std::vector<Diagnosis> list;
  for (const auto& each : merged) {
    if (follows_from_another(each, merged)) continue;
    list.push_back(each.diagnosis);
    if (each.count > kShownGrounds)
      list.back().grounds += "; and " + std::to_string(each.count - kShownGrounds) + " more";
  }
  return list;
}

}  // namespace lifeboat::drill
