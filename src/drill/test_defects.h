#pragma once
// For the tests of diagnoses: a sound report, and the same with something wrong in it.
#include <algorithm>

#include "drill/report.h"

namespace lifeboat::drill {

inline Report sound_report() {
  Report report;
  report.id = "d1";
  report.service = "shop";
  report.verdict = Verdict::failed;
  report.reason = "a reason";
  for (const auto* id : {"catalog.db", "counts.db", "digests.db", "contents.uploads"}) {
    auto& check = report.checks.emplace_back();
    check.id = id;
    check.outcome = Outcome::passed;
    check.proves_data = true;
  }
  return report;
}

inline Report stopped(const std::string& stage, Code code, const std::string& message = "no") {
  Report report;
  report.error = Error(code, message).add_context("object").add_context(stage);
  return report;
}

inline CheckResult& add(Report& report, const std::string& id, Outcome outcome, const Sign& sign) {
  std::erase_if(report.checks, [&](const auto& each) { return each.id == id; });
  CheckResult check;
  check.id = id;
  check.outcome = outcome;
  check.message = "1 differ";
  if (!sign.object.empty()) {
    check.signs.push_back(sign);
    check.details.push_back(sign.object + " differs");
  }
  return report.checks.emplace_back(std::move(check));
}

inline Report with_sign(const std::string& id, const Sign& sign) {
  auto report = sound_report();
  add(report, id, Outcome::failed, sign);
  return report;
}

// Both the facts that `id` compares and the contents differ.
inline Report with_other_contents(const std::string& id, const Sign& sign) {
  auto report = with_sign(id, sign);
  add(report, "contents.uploads", Outcome::failed, {});
  return report;
}

inline Report saying(const std::string& id, const std::string& words,
                     Outcome outcome = Outcome::failed) {
  auto report = sound_report();
  add(report, id, outcome, {}).message = words;
  return report;
}

inline Report finding(const std::string& code) {
  auto report = sound_report();
  report.verdict = Verdict::proven;
  report.findings.push_back({code, "subject", "odd", false});
  return report;
}

// Another source equals what was backed up, and this one could not be read so far.
inline Report cut_short() {
  auto report = saying("facts.db", "database disk image is malformed");
  report.checks.back().unreadable = true;
  return report;
}

inline Report without_proof(Report report) {
  std::erase_if(report.checks, [](const auto& each) { return each.id == "digests.db"; });
  return report;
}

inline Report with_lost_rows(Report report) {
  add(report, "counts.db", Outcome::failed, {});
  return report;
}

}  // namespace lifeboat::drill
