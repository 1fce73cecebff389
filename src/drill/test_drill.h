#pragma once
// For this room's tests: drills of the small application, whole or with a defect that is planted
// between restore and check.
#include <algorithm>
#include <functional>

#include "drill/diagnosis.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {

class DrillTest : public ShopFixture {
 protected:
  Sealed drill(const Request& request) {
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    return std::move(*sealed);
  }

  // Of the shop, restored to this server.
  Request request_with(const std::string& server) const {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.options.server = server;
    request.sandboxes = scratch_.path() / "s";
    request.reports = scratch_.path() / "reports";
    return request;
  }

  // Runs all steps, with `defect` done to the restored data before the checks look at it.
  Report drill_with(const std::function<void(const fs::path&)>& defect) {
    return drill_with(drill_request(), defect);
  }
  Report drill_with(const Request& request, const std::function<void(const fs::path&)>& defect) {
    DrillState state{request, *repository_, {}, {}, {}, {}};
    state.report.service = "shop";
    state.report.started = test_.clock.now();
    for (auto& step : all_steps()) {
      restored_ = state.restored;
      if (step->name() == "check") defect(data_of(state));
      auto done = step->run(state, test_.context);
      if (done) continue;
      state.report.error = std::move(done).error().add_context(step->name());
      break;
    }
    state.report.tear_down = state.sandbox->destroy();
    const auto judged = judge(state.report);
    state.report.verdict = judged.verdict;
    state.report.reason = judged.reason;
    state.report.diagnoses = diagnose(state.report);
    return state.report;
  }

  static std::vector<std::string> failed_checks(const Report& report) {
    std::vector<std::string> failed;
    for (const auto& check : report.checks)
      if (check.outcome == Outcome::failed) failed.push_back(check.id);
    return failed;
  }

  using Defect = std::function<void(const fs::path&)>;
  // By a check, and explained by a rule.
  void expect_caught(const Defect& defect, const std::string& by, const std::string& rule) {
    const auto report = drill_with(defect);
    EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
    const auto failed = failed_checks(report);
    EXPECT_NE(std::find(failed.begin(), failed.end(), by), failed.end())
        << by << " did not fail; " << report.reason;
    EXPECT_TRUE(has_rule(report, rule)) << rules_of(report);
  }

  static auto sql(const std::string& text) {
    return [text](const fs::path& data) { execute(data / "db.db", text); };
  }

  // For a defect, of a source that is on a server: its address, with the password.
  std::string restored_uri(const std::string& source) const {
    const auto found = std::ranges::find(restored_, source, &RestoredPlace::source);
    constexpr std::string_view kFile = "file:";
    return to_text(read_file(found->place.substr(kFile.size())).value());
  }

 private:
  std::vector<RestoredPlace> restored_;
};

}  // namespace lifeboat::drill
