#include "sandbox/agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "base/spawn_attributes.h"
#include "sandbox/census.h"
#include "sandbox/isolation.h"
#include "sandbox/message.h"

namespace lifeboat::sandbox {
namespace {

constexpr int kSocket = STDIN_FILENO;
constexpr int kBeatMilliseconds = 50;

// An order to start something, taken apart before there is a second process.
struct OrderedLaunch {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string directory;
  rlim_t open_files = 0;
  rlim_t file_size = 0;
  rlim_t memory = 0;
};

OrderedLaunch launch_of(const Json& order) {
  OrderedLaunch launch;
  launch.arguments = {"sh", "-c", order.at("command").get<std::string>()};
  for (const auto& [name, value] : order.at("environment").items())
    launch.environment.push_back(name + "=" + value.get<std::string>());
  launch.directory = order.at("directory").get<std::string>();
  const auto& limits = order.at("limits");
  launch.open_files = limits.at("open_files").get<rlim_t>();
  launch.file_size = limits.at("file_size").get<rlim_t>();
  launch.memory = limits.at("memory").get<rlim_t>();
  return launch;
}

void limit(__rlimit_resource resource, rlim_t most) {
  const rlimit value{most, most};
  setrlimit(resource, &value);
}

// In the child. Its descriptors are /dev/null and the output, its session is its own. The limits
// are what a process must not pass whatever it does; the sums over all processes are counted.
[[noreturn]] void become(OrderedLaunch& launch, int output) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  close_range(3, ~0U, 0);
  if (chdir(launch.directory.c_str()) != 0) {
    dprintf(STDERR_FILENO, "%s: %s\n", launch.directory.c_str(), std::strerror(errno));
    _exit(126);
  }
  // Nothing is allocated once the memory is limited: this process may hold more than the limit.
  const auto arguments = pointers_to(launch.arguments);
  const auto environment = pointers_to(launch.environment);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, launch.open_files);
  limit(RLIMIT_FSIZE, launch.file_size);
  limit(RLIMIT_DATA, launch.memory);
  execve("/bin/sh", arguments.data(), environment.data());
  _exit(127);
}

class Agent {
 public:
  // Until the one who opened the cell closes the socket: then this process ends, and with it, as
  // the first of its namespace, every other.
  int run() {
    if (!send_message(kSocket, {{"event", "begun"}})) return 1;
    for (;;) {
      await();
      auto message = receive_message(kSocket, Duration(0));
      if (!message) return 0;
      if (*message && !answer(**message)) return 0;
      if (!reap() || !accept_outward()) return 0;
      if (!keep_limits()) return 0;
    }
  }

 private:
  // For an order, for somebody at a way out, or for the next look at everything.
  void await() const {
    std::vector<pollfd> watched{{kSocket, POLLIN, 0}};
    for (const auto& [number, listener] : listeners_)
      watched.push_back({listener.get(), POLLIN, 0});
    (void)poll(watched.data(), watched.size(), kBeatMilliseconds);
  }

  // False when nobody listens any more.
  bool answer(Message& message) {
    Json reply{{"id", message.body.value("id", 0)}};
    FileDescriptor descriptor;
    try {
      descriptor = obey(message, reply);
    } catch (const Json::exception& wrong) {
      reply["error"] = wrong.what();
    }
    return send_message(kSocket, reply, descriptor.get()).has_value();
  }

  FileDescriptor obey(Message& message, Json& reply) {
    const auto order = message.body.value("order", "");
    if (order == "socket") return make_socket(reply);
    if (order == "start")
      start(message, reply);
    else if (order == "signal")
      kill(-message.body.at("process").get<pid_t>(), message.body.at("signal").get<int>());
    else if (order == "end")
      end_all();
    else if (order == "listen")
      listen_for(message.body, reply);
    else if (order == "probe")
      reply["found"] = run_probe(message.body.at("probe"));
    else if (order == "look")
      reply["census"] = to_json(count());
    else
      reply["error"] = "unknown order";
    return {};
  }

  void start(Message& message, Json& reply) {
    auto launch = launch_of(message.body);
    limits_ = message.body.at("limits");
    const pid_t child = fork();
    if (child == 0) become(launch, message.descriptor.get());
    if (child < 0)
      reply["error"] = std::strerror(errno);
    else
      reply["process"] = child;
  }

  // Made here and connected outside: a socket stays in the network that it was made in.
  static FileDescriptor make_socket(Json& reply) {
    FileDescriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!made) reply["error"] = std::strerror(errno);
    return made;
  }

  // What connects to a way out is handed to those outside, who carry it on.
  void listen_for(const Json& order, Json& reply) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(order.at("port").get<std::uint16_t>());
    inet_pton(AF_INET, order.at("address").get<std::string>().c_str(), &address.sin_addr);
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    if (bind(socket.get(), where, sizeof address) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
      reply["error"] = std::strerror(errno);
    else
      listeners_.emplace_back(order.at("number").get<std::size_t>(), std::move(socket));
  }

  bool accept_outward() {
    for (const auto& [number, listener] : listeners_) {
      for (;;) {
        const FileDescriptor made(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!made) break;
        if (!send_message(kSocket, {{"event", "outward"}, {"number", number}}, made.get()))
          return false;
      }
    }
    return true;
  }

  // Every process of the cell comes to rest here; those that were started are reported.
  static bool reap() {
    int status = 0;
    for (pid_t child = 0; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
      const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      if (!send_message(kSocket, {{"event", "ended"}, {"process", child}, {"status", code}}))
        return false;
    }
    return true;
  }

  void end_all() {
    stopped_ = true;
    kill(-1, SIGKILL);
  }

  Census count() {
    auto census = take_census();
    peak_ = std::max(peak_, census.memory);
    census.memory_peak = peak_;
    return census;
  }

  // What no limit of the kernel holds for the sum of all is held by looking.
  bool keep_limits() {
    if (limits_.is_null() || stopped_) return true;
    const auto census = count();
    const char* over = nullptr;
    if (census.memory > limits_.at("memory").get<std::uint64_t>()) over = "memory";
    if (census.processes > limits_.at("processes").get<std::uint64_t>()) over = "processes";
    if (census.disk_free < limits_.at("disk_reserve").get<std::uint64_t>()) over = "disk";
    if (over == nullptr) return true;
    end_all();
    return send_message(kSocket, {{"event", "over"}, {"limit", over}, {"census", to_json(census)}})
        .has_value();
  }

  std::vector<std::pair<std::size_t, FileDescriptor>> listeners_;
  Json limits_;
  bool stopped_ = false;
  std::uint64_t peak_ = 0;  // bytes of memory
};

}  // namespace

std::optional<int> run_agent(int argc, char** argv) {
  if (argc != 2 || argv[1] != kAgentVerb) return std::nullopt;
  close_range(3, ~0U, 0);
  // What runs here must not look into the memory of the one that watches it.
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGPIPE, SIG_IGN);
  // Without the destructors of a whole program: everything here ends with this process.
  _exit(Agent().run());
}

}  // namespace lifeboat::sandbox
