#include "base/subprocess.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "base/test_context.h"

namespace lifeboat {
namespace {

CommandSpec shell(std::string text) {
  CommandSpec spec;
  spec.shell_text = std::move(text);
  return spec;
}

TEST(Subprocess, GivesTheOutputAndTheStatus) {
  TestContext test;
  const auto outcome = run_command(shell("echo out; echo err >&2; exit 7"), test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 7);
  EXPECT_EQ(outcome->output, "out\nerr\n");
}

TEST(Subprocess, AddsToTheEnvironment) {
  TestContext test;
  auto spec = shell("printf '%s' \"$LIFEBOAT_TEST_WORD\"; test -n \"$PATH\"");
  spec.environment["LIFEBOAT_TEST_WORD"] = "a b";
  const auto outcome = run_command(spec, test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 0);
  EXPECT_EQ(outcome->output, "a b");
}

TEST(Subprocess, HasNothingOnItsInput) {
  TestContext test;
  const auto outcome = run_command(shell("cat"), test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "");
}

TEST(Subprocess, KeepsOnlyTheEndOfALongOutput) {
  TestContext test;
  const auto outcome =
      run_command(shell("head -c 1000000 /dev/zero | tr '\\0' x; echo end"), test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output.size(), 64U << 10U);
  EXPECT_TRUE(outcome->output.ends_with("xend\n"));
}

TEST(Subprocess, IsKilledWithAllItStartedWhenTimeIsUp) {
  TestContext test;
  auto scratch = ScratchDirectory::make();
  ASSERT_TRUE(scratch);
  const auto pid_file = scratch->path() / "pid";
  auto spec = shell("sleep 300 & echo $! > " + pid_file.string() + "; wait");
  spec.timeout = std::chrono::milliseconds(500);
  const auto outcome = run_command(spec, test.context);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::timed_out);
  const auto pid = to_text(*read_file(pid_file));
  // A killed process may take a moment to go, and stay as a zombie until somebody waits for it.
  const auto gone = run_command(
      shell("for try in 1 2 3 4 5 6 7 8 9 10; do grep -qs '^State:[[:space:]]*[RSDT]' /proc/" +
            pid.substr(0, pid.size() - 1) + "/status || exit 0; sleep 0.2; done; exit 1"),
      test.context);
  EXPECT_EQ(gone->exit_status, 0) << "process " << pid << " still runs";
}

TEST(Subprocess, DoesNotWaitForWhatACommandLeftRunning) {
  TestContext test;
  auto spec = shell("sleep 5 & echo done");
  spec.timeout = std::chrono::seconds(4);
  const auto outcome = run_command(spec, test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "done\n");
}

// Whoever writes without end must not keep the reader from looking at the clock.
TEST(Subprocess, TimeIsUpForACommandThatNeverStopsWriting) {
  TestContext test;
  auto spec = shell("yes");
  spec.timeout = std::chrono::milliseconds(300);
  const auto outcome = run_command(spec, test.context);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::timed_out);
}

TEST(Subprocess, DoesNotReadForEverWhatACommandLeftWriting) {
  TestContext test;
  auto spec = shell("timeout 20 yes & echo done");
  spec.timeout = std::chrono::seconds(10);
  const auto outcome = run_command(spec, test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 0);
}

TEST(Subprocess, AGigabyteOfOutputPassesThroughBoundedMemory) {
  TestContext test;
  const auto outcome = run_command(shell("head -c 1000000000 /dev/zero; echo end"), test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 0);
  EXPECT_EQ(outcome->output.size(), 64U << 10U);
  EXPECT_TRUE(outcome->output.ends_with("end\n"));
}

TEST(Subprocess, ACommandThatIgnoresTheFirstSignalIsKilled) {
  TestContext test;
  auto spec = shell("trap '' TERM; while :; do sleep 1; done");
  spec.timeout = std::chrono::milliseconds(200);
  const auto outcome = run_command(spec, test.context);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::timed_out);
}

TEST(Subprocess, EndsWhenTheRunIsStopped) {
  TestContext test;
  std::jthread stopper([&] {
    SystemClock().sleep(std::chrono::milliseconds(200));
    test.stop.request_stop();
  });
  const auto outcome = run_command(shell("sleep 300"), test.context);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::interrupted);
}

TEST(Subprocess, SaysWhichSignalEndedIt) {
  TestContext test;
  const auto outcome = run_command(shell("kill -TERM $$"), test.context);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 128 + 15);
}

}  // namespace
}  // namespace lifeboat
