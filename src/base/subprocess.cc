#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/file.h"
#include "base/spawn_attributes.h"

namespace lifeboat {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kKeptOutput = 64U << 10U;
// At one look; more than any pipe holds, so that nothing of an ended command is left behind.
constexpr std::size_t kMaxTaken = 4U << 20U;
// After SIGTERM the group may tidy up for so long before SIGKILL.
constexpr auto kGrace = std::chrono::seconds(2);
constexpr int kPollMilliseconds = 20;

struct Child {
  pid_t pid = -1;
  FileDescriptor output;  // its stdout and stderr
};

std::vector<std::string> environment_of(const CommandSpec& spec) {
  std::vector<std::string> all;
  for (char** entry = environ; spec.inherits && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!spec.environment.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : spec.environment) all.push_back(name + "=" + value);
  return all;
}

int spawn_shell(const CommandSpec& spec, int output, pid_t& pid) {
  std::vector<std::string> arguments{"sh", "-c", spec.shell_text};
  auto environment = environment_of(spec);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  if (!spec.inherits) posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  if (!spec.directory.empty())
    posix_spawn_file_actions_addchdir_np(&actions, spec.directory.c_str());
  const SpawnAttributes attributes;
  const int error = posix_spawn(&pid, "/bin/sh", &actions, attributes.get(),
                                pointers_to(arguments).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

Result<Child> start(const CommandSpec& spec) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "a pipe");
  Child child;
  child.output = FileDescriptor(pipe_ends[0]);
  const FileDescriptor write_end(pipe_ends[1]);
  if (const int error = spawn_shell(spec, write_end.get(), child.pid); error != 0)
    return fail_errno(error, "/bin/sh");
  fcntl(child.output.get(), F_SETFL, O_NONBLOCK);
  return child;
}

// Takes what is there now, or a part of it from one who writes faster than this reads: the clock
// must be looked at too. False at the end of the output.
bool drain(const Child& child, std::string& output) {
  std::array<char, kKeptOutput> buffer;
  for (std::size_t taken = 0; taken < kMaxTaken;) {
    const ssize_t count = read(child.output.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0;
    taken += static_cast<std::size_t>(count);
    output.append(buffer.data(), static_cast<std::size_t>(count));
    if (output.size() > 2 * kKeptOutput) output.erase(0, output.size() - kKeptOutput);
  }
  return true;
}

// Leaves it to be waited for, so that its process id stays its own.
bool has_ended(const Child& child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child.pid;
}

// Until the child has ended or `deadline`; the output of what it left running is not waited for.
bool wait_for_exit(const Child& child, SteadyTime deadline, const std::stop_token& stop,
                   std::string& output) {
  bool open = true;
  while (std::chrono::steady_clock::now() < deadline && !stop.stop_requested()) {
    pollfd watched{open ? child.output.get() : -1, POLLIN, 0};
    poll(&watched, 1, kPollMilliseconds);
    const bool ended = has_ended(child);
    if (open) open = drain(child, output);
    if (ended) return true;
  }
  return false;
}

void end_group(const Child& child, std::string& output) {
  kill(-child.pid, SIGTERM);
  wait_for_exit(child, std::chrono::steady_clock::now() + kGrace, {}, output);
  kill(-child.pid, SIGKILL);
}

int exit_status_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

// The time limit is real time whatever clock is injected: the child lives in it.
Result<CommandOutcome> run_command(const CommandSpec& spec, const RunContext& context) {
  TRY(context.check_stop());
  const auto started = context.clock.steady();
  const Child child = TRY(start(spec));
  CommandOutcome outcome;
  const bool ended = wait_for_exit(child, std::chrono::steady_clock::now() + spec.timeout,
                                   context.stop, outcome.output);
  if (!ended) end_group(child, outcome.output);
  if (spec.ends_all) kill(-child.pid, SIGKILL);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.exit_status = exit_status_of(status);
  if (outcome.output.size() > kKeptOutput)
    outcome.output.erase(0, outcome.output.size() - kKeptOutput);
  outcome.elapsed = context.clock.steady() - started;
  if (ended) return outcome;
  TRY(context.check_stop());
  return fail(
      Error(Code::timed_out, "a command took longer than " + describe_duration(spec.timeout))
          .with_hint("Give it more time, or make it faster."));
}

}  // namespace lifeboat
