#include <gmock/gmock.h>

#include "drill/check.h"
#include "drill/diagnosis.h"
#include "drill/test_drill.h"

namespace lifeboat::drill {
namespace {

using ::testing::HasSubstr;

// What was restored, as somebody says that it is.
class SaidToBe final : public engine::Inspector {
 public:
  explicit SaidToBe(Json facts) : facts_(std::move(facts)) {}
  Result<Json> facts(const RunContext&) override { return facts_; }
  Result<std::vector<engine::Row>> query(const std::string&, std::size_t,
                                         const RunContext&) override {
    return std::vector<engine::Row>{};
  }
  Result<std::vector<std::string>> integrity(bool, const RunContext&) override {
    return std::vector<std::string>{};
  }
  Result<std::unique_ptr<Reader>> open_file(const std::string&) override {
    return fail(Code::usage, "it has no files");
  }
  Result<void> list_files(const std::function<Result<void>(const std::string&, std::uint64_t)>&,
                          const RunContext&) override {
    return {};
  }

 private:
  Json facts_;
};

class AccountsCheck : public DrillTest {
 protected:
  void SetUp() override { open_repository(); }
  static Json with(const Json& accounts) {
    return {{"collections", Json::object()}, {"accounts", accounts}};
  }
  // Nothing when it was not asked.
  std::optional<CheckResult> ask(const Json& expected, const Json& found,
                                 bool without_users = false) {
    const std::string tier = "full";
    const std::vector<repository::SnapshotInfo> none;
    CheckScope scope{{}, *repository_, nullptr, tier, none};
    auto& source = scope.sources["db"];
    source.facts = expected;
    source.inspector = std::make_unique<SaidToBe>(found);
    source.without_users = without_users;
    const auto results = make_facts_check("db")->run(scope, test_.context);
    EXPECT_TRUE(results);
    for (const auto& each : *results)
      if (each.id == "accounts.db") return each;
    return std::nullopt;
  }

  const Json anna_{{"users", {{"anna", {{"roles", {"readWrite"}}, {"credentials", "1234"}}}}},
                   {"roles", Json::object()}};
  const Json nobody_{{"users", Json::object()}, {"roles", Json::object()}};
};

TEST_F(AccountsCheck, PassesWhenEveryUserAndRoleIsThere) {
  EXPECT_EQ(ask(with(anna_), with(anna_))->outcome, Outcome::passed);
}

TEST_F(AccountsCheck, IsNotRunWhereUsersAreLeftOutAndNotAskedWhereThereWereNone) {
  const auto left_out = ask(with(anna_), with(nobody_), true);
  EXPECT_EQ(left_out->outcome, Outcome::not_run);
  EXPECT_THAT(left_out->message, HasSubstr("a server that others use"));
  EXPECT_FALSE(ask(with(nobody_), with(nobody_), true));
  EXPECT_FALSE(ask(with(nobody_), with(anna_), true));
}

TEST_F(AccountsCheck, FailsWhenAUserIsLostAddedOrAnother) {
  auto other = anna_;
  other["users"]["anna"]["credentials"] = "5678";
  EXPECT_EQ(ask(with(anna_), with(other))->outcome, Outcome::failed);
  EXPECT_THAT(ask(with(anna_), with(other))->message, HasSubstr("accounts.users.anna.credentials"));
  EXPECT_EQ(ask(with(anna_), with(nobody_))->outcome, Outcome::failed);
  EXPECT_EQ(ask(with(nobody_), with(anna_))->outcome, Outcome::failed);
}

// What sabotage does to users and roles is shown where they can be: on the engine's stand-in.
TEST_F(AccountsCheck, ThatFailedIsExplainedByWhatIsGoneNewOrAnother) {
  auto without_roles = anna_;
  without_roles["users"]["anna"]["roles"] = Json::array();
  const auto clerk = [&](const std::string& hash) {
    auto accounts = anna_;
    accounts["roles"]["clerk"] = hash;
    return accounts;
  };
  const auto rule_for = [&](const Json& expected, const Json& found) {
    Report report;
    report.verdict = Verdict::failed;
    report.checks = {*ask(with(expected), with(found))};
    const auto list = diagnose(report);
    return list.size() == 1 ? list[0].rule : std::to_string(list.size()) + " diagnoses";
  };
  EXPECT_EQ(rule_for(anna_, nobody_), "account-lost");
  EXPECT_EQ(rule_for(clerk("a"), anna_), "account-lost");
  EXPECT_EQ(rule_for(anna_, without_roles), "account-changed");
  EXPECT_EQ(rule_for(clerk("a"), clerk("b")), "account-changed");
  EXPECT_EQ(rule_for(nobody_, anna_), "account-added");
  EXPECT_EQ(ask(with(clerk("a")), with(clerk("a")))->outcome, Outcome::passed);
}

TEST_F(AccountsCheck, IsNotRunWhereTheBackupOrTheServerCouldNotTell) {
  EXPECT_EQ(ask(with(nullptr), with(nobody_))->outcome, Outcome::not_run);
  EXPECT_EQ(ask(with(anna_), {{"collections", Json::object()}})->outcome, Outcome::not_run);
}

TEST_F(AccountsCheck, IsNotAskedWhereThereAreNoneOrNobodyRecordedThem) {
  EXPECT_FALSE(ask(with(nobody_), with(nobody_)));
  EXPECT_FALSE(ask({{"collections", Json::object()}}, with(anna_)));
}

}  // namespace
}  // namespace lifeboat::drill
