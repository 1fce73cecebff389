#include "engine/foreign/bring.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include "base/test_context.h"
#include "engine/foreign/test_archive.h"
#include "engine/foreign/unchanged.h"
#include "engine/sqlite/settle.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::foreign {
namespace {

using ::testing::HasSubstr;

class Bringing : public ::testing::Test {
 protected:
  fs::path folder(const std::string& name) {
    const auto path = scratch_.path() / name;
    EXPECT_TRUE(make_directories(path));
    return path;
  }
  void write(const fs::path& path, const std::string& content) {
    ASSERT_TRUE(make_directories(path.parent_path()));
    ASSERT_TRUE(write_file(path, view_of(content)));
  }

  Result<Brought> bring_from(const fs::path& path) {
    Candidate backup;
    backup.path = path;
    backup.name = path.filename();
    return bring(options_, backup, into(), test_.context);
  }
  Result<Brought> run(const std::string& program) {
    options_.restore = program;
    return have_brought(options_, into(), output_, test_.context);
  }
  Result<Inside> inside() { return find_inside(options_, into()); }

  std::string content(const std::string& path) {
    const auto bytes = read_file(fs::path(into()) / path);
    return bytes ? to_text(*bytes) : bytes.error().describe();
  }
  std::string into() const { return scratch_.path() / "into"; }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
  Options options_;
  std::string output_;
};

TEST_F(Bringing, CopiesATreeWithItsLinks) {
  write(folder("backup") / "a/b.txt", "content");
  fs::create_symlink("/etc/passwd", scratch_.path() / "backup/link");
  options_.format = "files";
  const auto brought = bring_from(scratch_.path() / "backup");
  ASSERT_TRUE(brought) << brought.error().describe();
  EXPECT_EQ(content("a/b.txt"), "content");
  EXPECT_TRUE(fs::is_symlink(fs::path(into()) / "link"));
  EXPECT_EQ(brought->bytes, 7);
  EXPECT_EQ(inside()->type, "files");
  EXPECT_EQ(inside()->place, into());
}

TEST(UnchangedBackup, IsToldFromOneThatSomebodyWrites) {
  const auto scratch = std::move(*ScratchDirectory::make());
  const auto inner = scratch.path() / "a" / "b";
  ASSERT_TRUE(make_directories(inner));
  ASSERT_TRUE(write_file(inner / "c", view_of("one")));
  const auto all = Unchanged::begin(scratch.path());
  const auto file = Unchanged::begin(inner / "c");
  EXPECT_TRUE(all->check());
  EXPECT_TRUE(file->check());
  ASSERT_TRUE(write_file(inner / "d", view_of("new")));
  EXPECT_EQ(all->check().error().code(), Code::source_changed);
  EXPECT_TRUE(file->check());
  ASSERT_TRUE(write_file(inner / "c", view_of("more")));
  EXPECT_EQ(file->check().error().code(), Code::source_changed);
  EXPECT_EQ(Unchanged::begin(inner / "e").error().code(), Code::not_found);
}

TEST_F(Bringing, ANothingIsNoBackup) {
  options_.format = "files";
  EXPECT_EQ(bring_from(folder("backup")).error().code(), Code::damage_found);
}

TEST_F(Bringing, FindsTheSourceInside) {
  write(fs::path(into()) / "dump/shop-1.db", "x");
  write(fs::path(into()) / "dump/shop-1.db-wal", "x");
  write(fs::path(into()) / "uploads/a", "x");
  options_.database = "dump/shop-*.db*";
  ASSERT_TRUE(inside()) << inside().error().describe();
  EXPECT_EQ(inside()->type, "sqlite");
  EXPECT_EQ(inside()->place, into() + "/dump/shop-1.db");
  write(fs::path(into()) / "dump/shop-2.db", "x");
  EXPECT_THAT(inside().error().describe(), HasSubstr("more than one"));
  options_.database.clear();
  options_.folder = "uploads/";
  EXPECT_EQ(inside()->place, into() + "/uploads");
}

TEST_F(Bringing, MissesTheSourceInside) {
  write(fs::path(into()) / "error.html", "404");
  options_.database = "shop.db";
  EXPECT_EQ(inside().error().code(), Code::damage_found);
  options_.database = "error.html/shop.db";
  EXPECT_FALSE(inside());
  options_.database.clear();
  options_.folder = "error.html";
  EXPECT_EQ(inside().error().code(), Code::damage_found);
}

TEST_F(Bringing, FollowsNoLinkToTheSource) {
  folder("into");
  write(scratch_.path() / "live/shop.db", "production");
  fs::create_symlink(scratch_.path() / "live/shop.db", fs::path(into()) / "shop.db");
  fs::create_symlink(scratch_.path() / "live", fs::path(into()) / "way");
  options_.database = "shop.db";
  EXPECT_FALSE(inside());
  options_.database = "way/shop.db";
  EXPECT_FALSE(inside());
  options_.database = "../live/shop.db";
  EXPECT_FALSE(inside());
  write(fs::path(into()) / "real.db", "x");
  fs::create_symlink(scratch_.path() / "live/shop.db", fs::path(into()) / "real.db-wal");
  options_.database = "real.db";
  EXPECT_EQ(inside().error().code(), Code::refused);
}

TEST_F(Bringing, AProgramFillsTheSandbox) {
  const auto brought = run("echo brought; pwd > where; echo $LIFEBOAT_SANDBOX > sandbox");
  ASSERT_TRUE(brought) << brought.error().describe();
  EXPECT_EQ(output_, "brought\n");
  EXPECT_EQ(content("where"), into() + "\n");
  EXPECT_EQ(content("sandbox"), into() + "\n");
  EXPECT_EQ(brought->entries, 2);
}

TEST_F(Bringing, AProgramGetsNothingThatIsNotNamed) {
  ASSERT_EQ(::setenv("LIFEBOAT_TEST_SECRET", "leaked", 1), 0);
  options_.environment = {{"NAMED", "given"}};
  ASSERT_TRUE(run("env > names; ls /proc/self/fd | wc -l > open; cat > input"));
  ::unsetenv("LIFEBOAT_TEST_SECRET");
  EXPECT_THAT(content("names"), ::testing::Not(HasSubstr("leaked")));
  EXPECT_THAT(content("names"), HasSubstr("NAMED=given"));
  EXPECT_EQ(content("open"), "4\n");  // and the one that ls looks through
  EXPECT_EQ(content("input"), "");
}

TEST_F(Bringing, AProgramThatFailsFillsNothingOrHangsIsTold) {
  const auto failed = run("echo no such archive >&2; touch half; exit 3").error();
  EXPECT_EQ(failed.code(), Code::command_failed);
  EXPECT_THAT(failed.describe(), HasSubstr("status 3"));
  EXPECT_EQ(output_, "no such archive\n");
  fs::remove_all(into());
  EXPECT_EQ(run("true").error().code(), Code::damage_found);
  options_.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(run("sleep 60").error().code(), Code::timed_out);
}

TEST_F(Bringing, WhatAProgramWroteIsKeptWithoutSecrets) {
  options_.environment = {{"KEY", "hunter2"}};
  options_.secrets = {"hunter2", "a"};
  ASSERT_TRUE(run("echo opening with $KEY; touch \"${sandbox.path}/a\""));
  EXPECT_EQ(output_, "opening with ***\n");
}

TEST_F(Bringing, WhatAProgramLeftRunningIsEnded) {
  ASSERT_TRUE(run("touch done; (sleep 1; touch late) & exit 0"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  EXPECT_FALSE(fs::exists(fs::path(into()) / "late"));
}

class Settling : public Bringing {
 protected:
  // A copy of a database in use, with what SQLite keeps beside it.
  void copy_while_open(const std::string& mode) {
    sqlite3* live = nullptr;
    const auto path = (folder("live") / "shop.db").string();
    ASSERT_EQ(sqlite3_open(path.c_str(), &live), SQLITE_OK);
    const auto sql = "PRAGMA journal_mode=" + mode +
                     "; CREATE TABLE orders(id); INSERT INTO orders VALUES (1), (2), (3)";
    ASSERT_EQ(sqlite3_exec(live, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    options_.format = "sqlite";
    ASSERT_TRUE(bring_from(path));
    sqlite3_close(live);
    copy_ = inside()->place;
  }

  int rows() {
    sqlite3* database = nullptr;
    const auto uri = "file:" + copy_ + "?mode=ro&immutable=1";
    EXPECT_EQ(
        sqlite3_open_v2(uri.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr),
        SQLITE_OK);
    int count = -1;
    sqlite3_exec(
        database, "SELECT count(*) FROM orders",
        [](void* into, int, char** values, char**) {
          *static_cast<int*>(into) = std::stoi(values[0]);
          return 0;
        },
        &count, nullptr);
    sqlite3_close(database);
    return count;
  }

  std::string copy_;
};

TEST_F(Settling, FoldsTheLogThatCameAlong) {
  copy_while_open("wal");
  EXPECT_EQ(rows(), -1);
  const auto settled = sqlite::settle(copy_);
  ASSERT_TRUE(settled) << settled.error().describe();
  EXPECT_TRUE(*settled);
  EXPECT_EQ(rows(), 3);
}

TEST_F(Settling, LeavesAWholeDatabaseAsItIs) {
  copy_while_open("delete");
  const auto before = *read_file(copy_);
  EXPECT_FALSE(*sqlite::settle(copy_));
  EXPECT_EQ(*read_file(copy_), before);
  EXPECT_EQ(rows(), 3);
}

TEST_F(Settling, TellsWhatIsNoWholeDatabase) {
  copy_while_open("delete");
  const auto whole = *read_file(copy_);
  for (const auto kept : {whole.size() / 2, std::size_t{100}, std::size_t{10}, std::size_t{0}}) {
    ASSERT_TRUE(write_file(copy_, ByteView(whole).first(kept)));
    EXPECT_EQ(sqlite::settle(copy_).error().code(), Code::damage_found) << kept;
  }
}

TEST_F(Settling, TellsALogOfAnotherDatabase) {
  copy_while_open("wal");
  fs::remove(copy_);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((scratch_.path() / "other.db").c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "CREATE TABLE others(id)", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  fs::copy_file(scratch_.path() / "other.db", copy_);
  EXPECT_EQ(sqlite::settle(copy_).error().code(), Code::damage_found);
}

// Needs root: it mounts.
class RootBringing : public Bringing {};

TEST_F(RootBringing, AProgramThatFillsTheDiskIsNotToBlame) {
  folder("into");
  ASSERT_EQ(::mount("none", into().c_str(), "tmpfs", 0, "size=1m"), 0);
  const auto fits = run("head -c 100k /dev/zero > fits");
  const auto failed = run("false");
  const auto full = run("head -c 2M /dev/zero > large");
  ASSERT_EQ(::umount(into().c_str()), 0);
  EXPECT_TRUE(fits);
  ASSERT_FALSE(failed || full);
  EXPECT_EQ(failed.error().code(), Code::command_failed);
  EXPECT_EQ(full.error().code(), Code::no_space);
  EXPECT_THAT(full.error().describe(), HasSubstr(into()));
}

}  // namespace
}  // namespace lifeboat::engine::foreign
