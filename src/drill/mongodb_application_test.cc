#include <gmock/gmock.h>

#include <fstream>
#include <mutex>
#include <set>
#include <source_location>
#include <thread>

#include "drill/test_mongodb.h"

namespace lifeboat::drill {
namespace {

// It is a few lines of Python, beside what other tests share.
fs::path counting_application(std::source_location test = std::source_location::current()) {
  return fs::path(test.file_name()).parent_path() / "../../tests/support/counting_application.py";
}

class MongoApplication : public MongoDrill {
 protected:
  Request request_in(const std::string& mode) const {
    const auto program = scratch_.path() / "app" / "app.py";
    EXPECT_TRUE(make_directories(program.parent_path()));
    fs::copy_file(counting_application(), program, fs::copy_options::overwrite_existing);
    AppOptions app;
    app.processes = {{"app", "exec python3 " + program.string()}};
    app.directory = program.parent_path().string();
    app.environment = {{"PORT", "${sandbox.port}"},
                       {"MONGO_URI", "${sandbox.db.uri}"},
                       {"MONGO_USER", "${sandbox.db.user}"},
                       {"MONGO_PASSWORD", "${sandbox.db.password}"},
                       {"COLLECTION", "orders"},
                       {"MODE", mode}};
    app.ready = {"", "/ready", std::chrono::seconds(20)};
    StepOptions step;
    step.method = "GET";
    step.path = "/orders";
    step.expect.jq = {".total == 2000"};
    app.journey = {step};
    auto request = request_with(ferretdb());
    request.options.app = app;
    return request;
  }
};

TEST_F(MongoApplication, IsBootedOnTheRestoredDatabaseAndNotOnTheLiveOne) {
  Application(server_.uri(), "shop").insert("orders", {document(-1)});
  const auto sealed = drill(request_in("good"));
  EXPECT_EQ(sealed.report.verdict, Verdict::proven) << sealed.report.reason;
  const auto& checks = sealed.report.checks;
  const auto used = std::ranges::find(checks, "app.uses.db", &CheckResult::id);
  ASSERT_NE(used, checks.end());
  EXPECT_EQ(used->outcome, Outcome::passed);
  EXPECT_NE(used->message.find("db.sandbox:27017"), std::string::npos) << used->message;
}

TEST_F(MongoApplication, FailsWhereItAnswersOtherwiseThanItMust) {
  auto request = request_in("good");
  request.options.app->journey[0].expect.jq = {".total == 2001"};
  const auto sealed = drill(request);
  EXPECT_EQ(sealed.report.verdict, Verdict::failed) << sealed.report.reason;
  EXPECT_EQ(failed_checks(sealed.report), std::vector<std::string>{"journey.1"});
}

TEST_F(MongoApplication, ProvesNothingWhereItNeverAskedTheRestoredDatabase) {
  const auto sealed = drill(request_in("blind"));
  EXPECT_EQ(sealed.report.verdict, Verdict::unverified) << sealed.report.reason;
  EXPECT_TRUE(has_rule(sealed.report, "server-unused")) << rules_of(sealed.report);
}

TEST_F(MongoApplication, IsNotStartedWhereAWayOutLeadsToProduction) {
  auto request = request_in("good");
  request.protected_places = {{"source shop/db", {{}, {}, {}, {"127.0.0.1:27999"}}, false}};
  request.options.app->ways_out = {{"localhost", 27999, {}}};
  const auto sealed = drill(request);
  EXPECT_EQ(sealed.report.verdict, Verdict::unverified) << sealed.report.reason;
  EXPECT_TRUE(has_rule(sealed.report, "production-inside")) << rules_of(sealed.report);
}

TEST_F(MongoApplication, LogsInWithTheUserAndThePasswordByThemselvesToo) {
  const auto report = drill(request_in("apart")).report;
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(MongoApplication, CannotReadTheRestoredDatabaseWithoutThem) {
  const auto report = drill(request_in("stranger")).report;
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(failed_checks(report), std::vector<std::string>{"journey.1"});
}

class RecordedLog final : public Log {
 public:
  void write(LogLevel, std::string_view message) override {
    const std::scoped_lock lock(mutex_);
    text_ += std::string(message) + "\n";
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

// What everybody on this machine sees while a drill runs: every command line; and what only its
// user does, the password of the server below that folder.
class Onlooker {
 public:
  explicit Onlooker(fs::path folder)
      : folder_(std::move(folder)), looking_([this](const std::stop_token& stop) { look(stop); }) {}
  void stop() {
    looking_.request_stop();
    looking_.join();
  }
  const std::string& password() const { return password_; }
  const std::string& arguments() const { return arguments_; }

 private:
  void look(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::error_code error;
      for (const auto& each : fs::directory_iterator("/proc", error)) look_at(each.path());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void look_at(const fs::path& process) {
    const auto line = text_of(process / "cmdline");
    if (line.empty() || !seen_.insert(line).second) return;
    arguments_ += line + "\n";
    if (line.find(folder_.string()) == line.npos) return;
    constexpr std::string_view kName = "FERRETDB_SETUP_PASSWORD=";
    const auto environment = text_of(process / "environ");
    if (const auto at = environment.find(kName); at != environment.npos)
      password_ = environment.c_str() + at + kName.size();
  }
  static std::string text_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  fs::path folder_;
  std::set<std::string> seen_;
  std::string arguments_;
  std::string password_;
  std::jthread looking_;
};

class MongoPassword : public MongoApplication {
 protected:
  // The password of one drill, which must be nowhere. Its application prints all that it is told,
  // and fails.
  std::string drilled_with() {
    auto request = request_in("good");
    request.options.app->journey[0].expect.jq = {".total == 2001"};
    request.options.app->fail_on_log = "begun with";
    CommandCheck command;
    command.name = "tells";
    command.run = "echo says $A; exit 3";
    command.environment = {{"A", "${sandbox.db.password}"}};
    request.options.checks.emplace_back(command);
    Onlooker onlooker(request.sandboxes);
    RecordedLog log;
    const RunContext context{test_.stop.get_token(), test_.clock, test_.random, test_.progress,
                             log};
    const auto sealed = run_drill(request, *repository_, context);
    onlooker.stop();
    EXPECT_TRUE(sealed);
    EXPECT_THAT(failed_checks(sealed->report), ::testing::IsSupersetOf({"app.log", "journey.1"}));
    const auto& password = onlooker.password();
    EXPECT_GE(password.size(), 32U);
    EXPECT_NE(onlooker.arguments().find("--listen-unix="), std::string::npos);
    EXPECT_EQ(onlooker.arguments().find(password), std::string::npos);
    EXPECT_EQ(log.text().find(password), std::string::npos);
    EXPECT_EQ(check(sealed->report, "command.tells").message,
              "status 3, expected 0; its last line: says ***");
    std::size_t logs = 0;
    for (const auto& each : fs::recursive_directory_iterator(scratch_.path())) {
      if (!each.is_regular_file()) continue;
      const auto text = to_text(read_file(each.path()).value());
      EXPECT_EQ(text.find(password), std::string::npos) << each.path();
      logs += text.find("begun with") == text.npos ? 0 : 1;
    }
    EXPECT_GE(logs, 2U) << "what the application wrote, and the report of it";
    return password;
  }
};

TEST_F(MongoPassword, IsAnotherForEachDrillAndNoFileArgumentOrMessageHoldsIt) {
  const auto first = drilled_with();
  EXPECT_NE(first, drilled_with());
}

}  // namespace
}  // namespace lifeboat::drill
