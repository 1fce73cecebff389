#pragma once
// For this room's tests: a cell, what is said in it, and who listens outside of it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/test_context.h"
#include "sandbox/cell.h"
#include "sandbox/output.h"

namespace lifeboat::sandbox {

// At a socket in the file system of this machine.
inline FileDescriptor listen_at(const std::string& path) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(socket.get(), 1), 0);
  return socket;
}

class CellTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.data = scratch_.path() / "data";
    ASSERT_TRUE(make_directories(spec_.data));
  }

  Cell& cell() {
    if (!cell_) {
      auto opened = Cell::open(spec_, test_.context);
      EXPECT_TRUE(opened) << opened.error().describe();
      cell_ = std::move(*opened);
    }
    return *cell_;
  }

  static void wait_until(const std::function<bool()>& done) {
    for (int i = 0; i < 400 && !done(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }

  // What a command wrote, once it has ended.
  std::string said(const std::string& command,
                   const std::map<std::string, std::string>& environment = {}) {
    auto output = std::move(*Output::open({}));
    const auto process = cell().start({command, environment, "/"}, output->end_for_process());
    EXPECT_TRUE(process) << process.error().describe();
    output->close_ours();
    wait_until([&] {
      for (const auto& ended : cell().news().ended)
        if (process && ended.process == *process) return true;
      return false;
    });
    wait_until([&, last = std::string("-")]() mutable {
      return std::exchange(last, output->text()) == output->text() && !last.empty();
    });
    return output->text();
  }

  // A process that goes on, and what it writes.
  int begin(const std::string& command) {
    output_ = std::move(*Output::open({}));
    const auto process =
        cell().start({command, {{"PATH", "/usr/bin:/bin"}}, "/"}, output_->end_for_process());
    EXPECT_TRUE(process);
    output_->close_ours();
    return process.value_or(-1);
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
  CellSpec spec_;
  std::unique_ptr<Cell> cell_;
  std::unique_ptr<Output> output_;
};

}  // namespace lifeboat::sandbox
