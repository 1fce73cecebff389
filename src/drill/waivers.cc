#include "drill/waivers.h"

#include <algorithm>

namespace lifeboat::drill {
namespace {

Result<Waiver> read_waiver(const repository::Statement& said) {
  return Waiver{TRY(text_at(said.body, "check")), TRY(text_at(said.body, "reason")),
                TRY(text_at(said.body, "who")),
                TRY(parse_rfc3339(TRY(text_at(said.body, "until")))), said.time};
}

std::string waiver_sentence(const Waiver& waiver) {
  return "waived by " + waiver.who + " until " + to_rfc3339(waiver.until) + ": " + waiver.reason;
}

bool is_open(const CheckResult& check) {
  return check.outcome == Outcome::failed || check.outcome == Outcome::not_run;
}

void apply(Report& report, CheckResult& check, const Waiver& waiver) {
  const auto note = [&](const char* code, const char* why) {
    report.findings.push_back({code, check.id, "it was " + waiver_sentence(waiver) + why, false});
  };
  if (waiver.until <= report.started) return note("waiver-expired", "; now it counts");
  if (check.refused || !is_waivable(check.id))
    return note("waiver-void", "; nobody can: it counts all the same");
  check.waived = waiver_sentence(waiver) + " (it " +
                 (check.outcome == Outcome::failed ? "failed" : "did not run") + ")";
  check.outcome = Outcome::waived;
}

}  // namespace

bool is_waivable(const std::string& check) {
  return !check.starts_with("isolation.") && check != "app.ready";
}

std::vector<Waiver> waivers_of(const std::vector<repository::Statement>& statements,
                               const std::string& service) {
  std::vector<Waiver> waivers;
  for (const auto& said : statements) {
    if (said.body.value("service", "") != service) continue;
    auto waiver = read_waiver(said);
    if (!waiver) continue;
    std::erase_if(waivers, [&](const auto& each) {
      return each.check == waiver->check && each.said <= waiver->said;
    });
    waivers.push_back(std::move(*waiver));
  }
  return waivers;
}

void apply_waivers(Report& report, const std::vector<Waiver>& waivers) {
  for (const auto& waiver : waivers) {
    bool used = false;
    for (auto& check : report.checks) {
      if (check.id != waiver.check || !is_open(check)) continue;
      apply(report, check, waiver);
      used = true;
    }
    if (used || waiver.until <= report.started) continue;
    report.findings.push_back({"waiver-unused", waiver.check,
                               waiver_sentence(waiver) + "; nothing had to be waived", false});
  }
}

}  // namespace lifeboat::drill
