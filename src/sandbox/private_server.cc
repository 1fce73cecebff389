#include "sandbox/private_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/spawn_attributes.h"
#include "base/text.h"
#include "engine/engine.h"
#include "sandbox/dial.h"

namespace lifeboat::sandbox {
namespace {

constexpr Duration kStartPatience = std::chrono::minutes(1);
constexpr auto kReadyPause = std::chrono::milliseconds(20);
constexpr std::size_t kMostLastWords = 2000;
constexpr std::size_t kSocketName = 16;  // the longest of a socket in its folder, with what ends it

// All that the child needs after fork(), made before it.
struct Command {
  std::vector<std::string> words;
  std::vector<std::string> variables;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::string directory;
};

// Nothing of ours goes along: no variable, no descriptor.
[[noreturn]] void become_server(const Command& command, int log, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(command.directory.c_str()) == 0)
    ::execve(command.arguments[0], command.arguments.data(), command.environment.data());
  ::_exit(127);
}

std::string last_words(const engine::LaunchPlan& plan) {
  const auto text = read_file(plan.log);
  if (!text || text->empty()) return "it said nothing";
  auto words = without_secrets(to_text(*text), {plan.password});
  if (words.size() > kMostLastWords) words.erase(0, words.size() - kMostLastWords);
  return words;
}

bool server_ended(pid_t process) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

Result<void> wait_until_ready(const engine::LaunchPlan& plan, pid_t process,
                              const RunContext& context) {
  const auto until = std::chrono::steady_clock::now() + kStartPatience;
  while (!dial(plan.socket)) {
    TRY(context.check_stop());
    const bool ended = server_ended(process);
    if (ended || std::chrono::steady_clock::now() > until)
      return fail(Code::unavailable, plan.arguments[0] + (ended ? " ended" : " did not answer") +
                                         " in the sandbox: " + last_words(plan));
    std::this_thread::sleep_for(kReadyPause);
  }
  return {};
}

bool is_program(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<ServerFolder> ServerFolder::open(const fs::path& directory) {
  TRY(make_directories(directory));
  auto folder = TRY(open_file(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto name = directory.string();
  if (name.size() + kSocketName > sizeof(sockaddr_un::sun_path))
    name = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(folder.get());
  return ServerFolder(std::move(folder), std::move(name));
}

Result<PrivateServer> PrivateServer::start(const engine::LaunchPlan& plan,
                                           const RunContext& context) {
  if (plan.arguments.empty()) return fail(Code::internal, "a private server without a program");
  if (plan.socket.size() >= sizeof(sockaddr_un::sun_path))
    return fail(Code::internal, "a path too long for a private server's socket: " + plan.socket);
  TRY(make_directories(plan.directory));
  const auto log = TRY(open_file(plan.log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC));
  Command command;
  command.words = plan.arguments;
  command.variables = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                       "HOME=" + plan.directory};
  command.variables.insert(command.variables.end(), plan.environment.begin(),
                           plan.environment.end());
  command.arguments = pointers_to(command.words);
  command.environment = pointers_to(command.variables);
  command.directory = plan.directory;
  const auto parent = ::getpid();
  const auto process = ::fork();
  if (process < 0) return fail_errno(errno, "cannot start " + plan.arguments[0]);
  if (process == 0) become_server(command, log.get(), parent);
  PrivateServer server(process);
  TRY(wait_until_ready(plan, process, context));
  return server;
}

PrivateServer::PrivateServer(PrivateServer&& other) noexcept
    : process_(std::exchange(other.process_, -1)) {}

PrivateServer::~PrivateServer() {
  if (process_ <= 0) return;
  ::kill(-process_, SIGKILL);
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

Result<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_program(program)) return program;
    return fail(Code::not_found, program + " is no program");
  }
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const auto end = std::min(rest.find(':'), rest.size());
    const auto candidate = std::string(rest.substr(0, end)) + "/" + program;
    if (candidate.front() == '/' && is_program(candidate)) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return fail(Code::not_found, "there is no program " + program + " here");
}

}  // namespace lifeboat::sandbox
