#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/test_cell.h"

namespace lifeboat::sandbox {
namespace {

const std::map<std::string, std::string> kPath{{"PATH", "/usr/bin:/bin"}};

// What processes of this machine leave in a folder that is shown.
class ReachTest : public CellTest {
 protected:
  void SetUp() override {
    CellTest::SetUp();
    ASSERT_TRUE(make_directories(own_ / "run"));
    ASSERT_TRUE(write_file(own_ / "program", view_of("content"), 0644));
    spec_.read_only = {own_};
  }

  std::string path_of(const std::string& name) const { return (own_ / "run" / name).string(); }

  FileDescriptor listen_on(const std::string& name) { return listen_at(path_of(name)); }

  // Somebody who reads from a pipe.
  FileDescriptor read_from(const std::string& name) {
    EXPECT_EQ(::mkfifo(path_of(name).c_str(), 0666), 0);
    return FileDescriptor(::open(path_of(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

  std::string connect_to(const std::string& name) {
    return said(
        "python3 -c '\nimport socket, sys\ntry:\n"
        "  socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n  print(\"reached\")\n"
        "except OSError: print(\"refused\")' " +
            path_of(name),
        kPath);
  }

  std::string write_to(const std::string& name) {
    return said(
        "python3 -c '\nimport os, sys\ntry:\n"
        "  os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)\n  print(\"reached\")\n"
        "except OSError: print(\"refused\")' " +
            path_of(name),
        kPath);
  }

  // What was not blocked, in words; empty when isolation is proven.
  std::string found() {
    const auto isolation = cell().probe({});
    EXPECT_TRUE(isolation) << isolation.error().describe();
    std::string open;
    for (const auto& attempt : isolation->attempts)
      if (!attempt.blocked) open += attempt.found;
    EXPECT_EQ(isolation->proven(), open.empty());
    return open;
  }

  fs::path own_ = fs::canonical(scratch_.path()) / "application";
};

TEST_F(ReachTest, SocketsAndPipesThatAreThereAreCovered) {
  const auto listener = listen_on("cache.sock");
  const auto reader = read_from("jobs");
  EXPECT_EQ(connect_to("cache.sock"), "refused\n");
  EXPECT_EQ(write_to("jobs"), "refused\n");
  EXPECT_EQ(found(), "");
  EXPECT_EQ(said("cat " + (own_ / "program").string()), "content");
}

TEST_F(ReachTest, ASocketThatComesLaterIsFound) {
  EXPECT_EQ(found(), "");
  {
    const auto listener = listen_on("late.sock");
    EXPECT_EQ(connect_to("late.sock"), "reached\n") << "what has to be found";
    EXPECT_EQ(found(), path_of("late.sock") + ", which leads to a process of this machine");
  }
  fs::remove(path_of("late.sock"));
  EXPECT_EQ(found(), "");
}

TEST_F(ReachTest, ASocketThatIsMadeAnewIsFoundThoughItWasCovered) {
  auto listener = listen_on("cache.sock");
  EXPECT_EQ(found(), "");
  fs::remove(path_of("cache.sock"));
  listener = listen_on("cache.sock");
  EXPECT_EQ(connect_to("cache.sock"), "reached\n") << "what has to be found";
  EXPECT_NE(found(), "");
}

TEST_F(ReachTest, APipeThatComesLaterIsFound) {
  EXPECT_EQ(found(), "");
  const auto reader = read_from("late");
  EXPECT_EQ(write_to("late"), "reached\n") << "what has to be found";
  EXPECT_NE(found(), "");
}

TEST_F(ReachTest, WhatItMakesInItsOwnCopyIsItsOwn) {
  const auto elsewhere = std::move(*ScratchDirectory::make());
  ASSERT_TRUE(make_directories(elsewhere.path() / "run"));
  spec_.writable = {{elsewhere.path(), own_}};
  spec_.read_only = {own_.parent_path()};
  EXPECT_EQ(said("python3 -c '\nimport socket, sys\ns = socket.socket(socket.AF_UNIX)\n"
                 "s.bind(sys.argv[1])\nprint(\"bound\")' " +
                     path_of("own.sock"),
                 kPath),
            "bound\n");
  EXPECT_TRUE(fs::is_socket(elsewhere.path() / "run" / "own.sock"));
  EXPECT_EQ(found(), "");
}

TEST_F(ReachTest, AFolderThatMayBeEnteredAndNotListedProvesNothing) {
  EXPECT_EQ(found(), "");
  ASSERT_EQ(::chmod((own_ / "run").c_str(), 0311), 0);
  EXPECT_NE(found().find("run cannot be looked through"), std::string::npos);
  ASSERT_EQ(::chmod((own_ / "run").c_str(), 0), 0);
  EXPECT_EQ(found(), "") << "nobody inside may enter it";
  ASSERT_EQ(::chmod((own_ / "run").c_str(), 0700), 0);
}

TEST_F(ReachTest, NothingIsWrittenWhereProductionIsHidden) {
  ASSERT_TRUE(make_directories(own_ / "uploads" / "2026"));
  ASSERT_TRUE(write_file(own_ / "uploads" / "2026" / "1.png", view_of("content"), 0644));
  ASSERT_TRUE(write_file(own_ / "shop.db", view_of("content"), 0644));
  spec_.hidden = {own_ / "uploads" / "2026", own_ / "uploads", own_ / "uploads", own_ / "shop.db"};
  for (const auto* name : {"uploads/new", "uploads/2026/new", "shop.db", "new"})
    EXPECT_EQ(said("(echo x > " + (own_ / name).string() + ") 2>/dev/null || echo refused"),
              "refused\n")
        << name;
  EXPECT_EQ(said("ls " + (own_ / "uploads").string() + "; echo end"), "end\n");
  EXPECT_EQ(said("echo x > /data/new && cat /data/new"), "x\n");
}

class SharedMemoryTest : public CellTest {
 protected:
  void SetUp() override {
    CellTest::SetUp();
    spec_.limits.memory = 200U << 20U;
  }

  // Fills so many MiB that others may share, and tells so many processes of them.
  static std::string fill(int size, int processes) {
    return "exec python3 -c '\nimport mmap, os, time\n"
           "shared = mmap.mmap(-1, " +
           std::to_string(size) +
           " << 20)\n"
           "for i in range(" +
           std::to_string(size) +
           "): shared.write(b\"x\" * (1 << 20))\n"
           "for i in range(" +
           std::to_string(processes) +
           "):\n"
           "  if os.fork() == 0: break\n"
           "sum(shared[at] for at in range(0, len(shared), 4096))\n"
           "print(\"filled\", flush=True)\ntime.sleep(60)'";
  }

  std::string over_within_seconds() {
    CellNews news;
    for (int i = 0; i < 40 && news.over.empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      news = cell().news();
    }
    return news.over;
  }
};

TEST_F(SharedMemoryTest, IsCounted) {
  begin(fill(250, 0));
  CellNews news;
  wait_until([&] { return !(news = cell().news()).over.empty(); });
  EXPECT_EQ(news.over, "memory");
}

TEST_F(SharedMemoryTest, IsCountedOnceForAllWhoShareIt) {
  begin(fill(100, 3));
  wait_until([&] { return output_->text() == "filled\nfilled\nfilled\nfilled\n"; });
  EXPECT_EQ(output_->text(), "filled\nfilled\nfilled\nfilled\n");
  EXPECT_EQ(over_within_seconds(), "");
  const auto census = cell().look();
  ASSERT_TRUE(census);
  EXPECT_GT(census->memory, 100U << 20U);
  EXPECT_LT(census->memory, 200U << 20U);
}

}  // namespace
}  // namespace lifeboat::sandbox
