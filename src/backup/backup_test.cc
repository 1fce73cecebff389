#include "backup/backup.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <functional>

#include "base/file.h"
#include "base/test_context.h"
#include "storage/memory/memory_backend.h"

namespace lifeboat::backup {
namespace {

// Does something when the backup comes to a stage.
class StageProgress final : public Progress {
 public:
  void stage(std::string_view name, std::uint64_t) override {
    if (happen_ && name == at_) happen_();
  }
  void total(std::uint64_t) override {}
  void advance(std::uint64_t, std::uint64_t) override {}
  void when(const std::string& name, std::function<void()> happen) {
    at_ = name;
    happen_ = std::move(happen);
  }

 private:
  std::string at_;
  std::function<void()> happen_;
};

class KeptLog final : public Log {
 public:
  void write(LogLevel level, std::string_view message) override {
    if (level == LogLevel::error) errors.emplace_back(message);
  }
  std::vector<std::string> errors;
};

// A shop with a database and its uploads, and a repository in memory. Files are old enough for
// their change tokens to be trusted.
class Backup : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(at("uploads"));
    test_.clock.set(SystemClock().now() + std::chrono::minutes(1));
    repository_ = make_repository();
    upload("first");
    sql("CREATE TABLE image(file TEXT); INSERT INTO image VALUES('first')");
  }

  fs::path at(const std::string& name) const { return folder_.path() / name; }
  std::unique_ptr<repository::Repository> make_repository() {
    const repository::Credential key = repository::KeyFile{Secret(Bytes(32, 7))};
    auto medium = std::make_unique<storage::MemoryBackend>(std::make_shared<storage::MemoryStore>(),
                                                           test_.clock);
    return repository::Repository::create(std::move(medium), key, {.cache = at("repository")},
                                          context_)
        .value();
  }
  void upload(const std::string& name, const std::string& text = "content") {
    ASSERT_TRUE(write_file(at("uploads") / name, view_of(text)));
  }
  void sql(const std::string& text, const std::string& file = "app.db") {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(at(file).c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << text;
    sqlite3_close(database);
  }

  // The files come first here, on purpose.
  Request request() const {
    Request request;
    request.service = "shop";
    request.config = Json::object();
    request.sources = {source("uploads", "files", at("uploads")),
                       source("db", "sqlite", at("app.db"))};
    request.cache = at("cache");
    return request;
  }
  static engine::SourceOptions source(const std::string& name, const std::string& type,
                                      const fs::path& path) {
    engine::SourceOptions options;
    options.name = name;
    options.type = type;
    options.path = path;
    return options;
  }
  Result<Report> run(const Request& request) { return run_backup(request, *repository_, context_); }
  Report run() {
    auto report = run(request());
    EXPECT_TRUE(report) << report.error().describe();
    return report.value();
  }
  const SourceReport& of(const Report& report, const std::string& name) {
    for (const auto& each : report.sources)
      if (each.name == name) return each;
    throw std::out_of_range(name);
  }
  Json facts(const Report& report, const std::string& name) {
    const auto reader = repository_->open_snapshot(report.snapshot.id, context_).value();
    for (const auto& each : reader->sources())
      if (each.name == name) return each.facts;
    return nullptr;
  }

  TestContext test_;
  StageProgress progress_;
  KeptLog log_;
  RunContext context_{test_.stop.get_token(), test_.clock, test_.random, progress_, log_};
  ScratchDirectory folder_ = ScratchDirectory::make().value();
  std::unique_ptr<repository::Repository> repository_;
};

// The application stores a file, then the row that refers to it: no row may come without its file.
TEST_F(Backup, WhateverARowRefersToIsThereToo) {
  progress_.when("reading db", [&] {
    upload("second");
    sql("INSERT INTO image VALUES('second')");
  });
  const auto report = run();
  EXPECT_EQ(report.sources.front().name, "db");
  EXPECT_EQ(facts(report, "db")["tables"]["image"]["rows"], 1);
  EXPECT_EQ(facts(report, "uploads")["files"], 2);
  EXPECT_TRUE(report.snapshot.complete);
}

TEST_F(Backup, SeveralDatabasesBeginBeforeAnyIsRead) {
  sql("CREATE TABLE bill(x); INSERT INTO bill VALUES(1)", "bills.db");
  auto two = request();
  two.sources.push_back(source("bills", "sqlite", at("bills.db")));
  progress_.when("reading db", [&] {
    sql("INSERT INTO image VALUES('second')");
    sql("INSERT INTO bill VALUES(2)", "bills.db");
  });
  const auto report = run(two).value();
  EXPECT_EQ(facts(report, "db")["tables"]["image"]["rows"], 1);
  EXPECT_EQ(facts(report, "bills")["tables"]["bill"]["rows"], 1);
}

TEST_F(Backup, UnchangedFilesAreNotReadAgain) {
  upload("second");
  auto files = request();
  files.sources.pop_back();
  const auto first = run(files).value();
  EXPECT_EQ(of(first, "uploads").unchanged, 0U);
  const auto second = run(files).value();
  EXPECT_EQ(of(second, "uploads").unchanged, 2U);
  // The lists of entries are written, and counted, each time.
  EXPECT_EQ(first.stats.bytes_read - second.stats.bytes_read, 14U);
  upload("second", "changed");
  const auto third = run(files).value();
  EXPECT_EQ(of(third, "uploads").unchanged, 1U);
  EXPECT_EQ(third.stats.bytes_read - second.stats.bytes_read, 7U);
  EXPECT_EQ(facts(third, "uploads")["files"], 2);
}

TEST_F(Backup, FilesAreReadAgainWhenTheListOfLastTimeIsNotTrusted) {
  auto files = request();
  files.sources.pop_back();
  run(files).value();
  const auto list = fs::directory_iterator(at("cache") / "previous")->path();
  auto bytes = read_file(list).value();
  bytes[bytes.size() - 20] ^= 1U;
  ASSERT_TRUE(write_file(list, bytes));
  EXPECT_EQ(of(run(files).value(), "uploads").unchanged, 0U);
  EXPECT_EQ(of(run(files).value(), "uploads").unchanged, 1U);
  bytes.resize(bytes.size() / 2);
  ASSERT_TRUE(write_file(list, bytes));
  EXPECT_EQ(of(run(files).value(), "uploads").unchanged, 0U);
}

TEST_F(Backup, AnotherRepositoryHasAListOfItsOwn) {
  run();
  const auto first = std::move(repository_);
  repository_ = make_repository();
  const auto report = run();
  EXPECT_EQ(of(report, "uploads").unchanged, 0U);
  EXPECT_TRUE(report.snapshot.complete);
}

TEST_F(Backup, AFileThatVanishesIsAFindingAndNotInTheSnapshot) {
  upload("second");
  progress_.when("reading uploads", [&] { fs::remove(at("uploads/second")); });
  auto files = request();
  files.sources.pop_back();
  const auto report = run(files).value();
  EXPECT_TRUE(report.snapshot.complete);
  EXPECT_EQ(facts(report, "uploads")["files"], 1);
}

TEST_F(Backup, ASourceThatCannotBeReadMakesItIncomplete) {
  fs::resize_file(at("app.db"), 0);
  const auto report = run();
  EXPECT_FALSE(report.snapshot.complete);
  EXPECT_EQ(of(report, "db").failure->code(), Code::source_unreadable);
  EXPECT_TRUE(of(report, "uploads").complete);
  const auto reader = repository_->open_snapshot(report.snapshot.id, context_).value();
  ASSERT_EQ(reader->sources().size(), 2U);
  EXPECT_EQ(reader->sources()[0].findings.at(0).code, "source-unreadable");
}

TEST_F(Backup, NothingIsCommittedWhenNoSourceCanBeRead) {
  auto only = request();
  only.sources.erase(only.sources.begin());
  fs::resize_file(at("app.db"), 0);
  EXPECT_EQ(run(only).error().code(), Code::source_unreadable);
  EXPECT_TRUE(repository_->snapshots(context_)->snapshots.empty());
}

TEST_F(Backup, HooksRunAroundItAndSeeHowItEnded) {
  auto hooked = request();
  const auto log = at("log").string();
  hooked.hooks.before = "echo before $LIFEBOAT_SERVICE >> '" + log + "'";
  hooked.hooks.after = "echo after $LIFEBOAT_RESULT >> '" + log + "'";
  ASSERT_TRUE(run(hooked));
  EXPECT_EQ(to_text(read_file(log).value()), "before shop\nafter success\n");
  fs::resize_file(at("app.db"), 0);
  ASSERT_TRUE(run(hooked));
  EXPECT_TRUE(to_text(read_file(log).value()).ends_with("after incomplete\n"));
  fs::remove_all(at("uploads"));
  EXPECT_FALSE(run(hooked));
  EXPECT_TRUE(to_text(read_file(log).value()).ends_with("after failed\n"));
}

TEST_F(Backup, AHookThatFailsBeforehandEndsItBeforeAnythingIsRead) {
  auto hooked = request();
  hooked.hooks.before = "echo no room; exit 3";
  hooked.hooks.after = "touch '" + at("after").string() + "'";
  const auto failed = run(hooked);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::command_failed);
  EXPECT_NE(failed.error().message().find("no room"), std::string::npos);
  EXPECT_FALSE(fs::exists(at("after")));
  EXPECT_TRUE(repository_->snapshots(context_)->snapshots.empty());
}

TEST_F(Backup, AHookIsEndedWhenItTakesTooLong) {
  auto hooked = request();
  hooked.hooks.before = "sleep 60";
  hooked.hooks.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(run(hooked).error().code(), Code::timed_out);
}

// `before` stopped the application: whoever presses Ctrl-C does not want it to stay so.
TEST_F(Backup, TheHookAfterwardsRunsAlsoWhenItIsStopped) {
  auto hooked = request();
  hooked.hooks.before = "touch '" + at("stopped").string() + "'";
  hooked.hooks.after = "rm '" + at("stopped").string() + "'; echo $LIFEBOAT_RESULT > '" +
                       at("result").string() + "'";
  progress_.when("reading uploads", [&] {
    EXPECT_TRUE(fs::exists(at("stopped")));
    test_.stop.request_stop();
  });
  EXPECT_EQ(run(hooked).error().code(), Code::interrupted);
  EXPECT_FALSE(fs::exists(at("stopped")));
  EXPECT_EQ(to_text(read_file(at("result")).value()), "failed\n");
  EXPECT_TRUE(log_.errors.empty());
}

TEST_F(Backup, TheHookAfterwardsRunsAlsoWhenTheOneBeforeWasKilled) {
  auto hooked = request();
  hooked.hooks.before = "sleep 60";
  hooked.hooks.after = "touch '" + at("after").string() + "'";
  hooked.hooks.timeout = std::chrono::milliseconds(500);
  EXPECT_EQ(run(hooked).error().code(), Code::timed_out);
  EXPECT_TRUE(fs::exists(at("after")));
}

TEST_F(Backup, NoHookRunsWhereItWasStoppedBeforeItBegan) {
  auto hooked = request();
  hooked.hooks.before = hooked.hooks.after = "touch '" + at("ran").string() + "'";
  test_.stop.request_stop();
  EXPECT_EQ(run(hooked).error().code(), Code::interrupted);
  EXPECT_FALSE(fs::exists(at("ran")));
}

// The backup's own error is the answer; that the application was not started again is said, too.
TEST_F(Backup, AHookThatFailsAfterwardsIsToldHoweverTheBackupEnded) {
  auto hooked = request();
  hooked.hooks.after = "echo cannot start; exit 3";
  const auto made = run(hooked);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::command_failed);
  EXPECT_NE(made.error().describe().find("the snapshot was made"), std::string::npos);
  EXPECT_TRUE(log_.errors.empty()) << "said once";
  progress_.when("reading uploads", [&] { test_.stop.request_stop(); });
  EXPECT_EQ(run(hooked).error().code(), Code::interrupted);
  ASSERT_EQ(log_.errors.size(), 1U);
  EXPECT_NE(log_.errors[0].find("hook after_backup ended with status 3: cannot start"),
            std::string::npos)
      << log_.errors[0];
}

TEST_F(Backup, StopsWhenAskedAndCommitsNothing) {
  progress_.when("reading uploads", [&] { test_.stop.request_stop(); });
  EXPECT_EQ(run(request()).error().code(), Code::interrupted);
  EXPECT_TRUE(repository_->snapshots(test_.context).error().code() == Code::interrupted ||
              repository_->snapshots(test_.context)->snapshots.empty());
}

}  // namespace
}  // namespace lifeboat::backup
