#include "sandbox/cell.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/spawn_attributes.h"
#include "sandbox/agent.h"
#include "sandbox/wrap.h"

namespace lifeboat::sandbox {
namespace {

constexpr Duration kCellBegins = std::chrono::seconds(20);
constexpr Duration kAnswer = std::chrono::seconds(20);
constexpr int kConnectSeconds = 2;
constexpr int kListenMilliseconds = 20;
constexpr int kEndMilliseconds = 10'000;
constexpr std::size_t kMostComplaint = 4096;
constexpr std::size_t kMostNews = 1000;

struct Pair {
  FileDescriptor ours;
  FileDescriptor theirs;
};

Result<Pair> make_sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(errno, "a pair of sockets");
  return Pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<Pair> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "a pipe");
  return Pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Standard input is the socket; 3 is where bubblewrap says what it started. Nothing else that is
// open here, by us or by who called us, is open there.
int spawn(std::vector<std::string> arguments, const std::array<int, 3>& ends, pid_t& process) {
  const auto pointers = pointers_to(arguments);
  char* nothing = nullptr;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[2], kInformation);
  posix_spawn_file_actions_addclosefrom_np(&actions, kInformation + 1);
  const SpawnAttributes attributes;
  const int error =
      posix_spawn(&process, pointers[0], &actions, attributes.get(), pointers.data(), &nothing);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Whatever comes within the time, to its end or to `last`.
std::string read_some(int descriptor, Duration within, char last) {
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (text.size() < kMostComplaint && text.find(last) == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd watched{descriptor, POLLIN, 0};
    if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) <= 0) break;
    char buffer[1024];
    const auto size = read(descriptor, buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

Error cannot_isolate(std::string why) {
  return Error(Code::unavailable, "nothing can be isolated here: " + std::move(why))
      .with_hint(
          "Install the package bubblewrap, and allow unprivileged user namespaces "
          "(`lifeboat doctor` tries it).");
}

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  return text.empty() ? "bubblewrap said nothing" : text;
}

FileDescriptor handle_of(std::int64_t process) {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}

bool has_ended(const FileDescriptor& handle, int milliseconds) {
  pollfd watched{handle.get(), POLLIN, 0};
  return poll(&watched, 1, milliseconds) == 1;
}

}  // namespace

Result<std::unique_ptr<Cell>> Cell::open(const CellSpec& spec, const RunContext& context) {
  TRY(context.check_stop());
  std::error_code error;
  if (!fs::exists(spec.bubblewrap, error))
    return fail(cannot_isolate(spec.bubblewrap.string() + " is not installed"));
  auto sockets = TRY(make_sockets());
  auto complaints = TRY(make_pipe());
  auto information = TRY(make_pipe());
  const auto etc = TRY(make_system_files(spec));
  std::unique_ptr<Cell> cell(new Cell(spec, std::move(sockets.ours), std::move(complaints.ours)));
  cell->sight_ = sight_of(spec);
  pid_t process = -1;
  if (const int failed =
          spawn(arguments_of(spec, etc),
                {sockets.theirs.get(), complaints.theirs.get(), information.theirs.get()}, process);
      failed != 0)
    return fail(cannot_isolate(std::string("bubblewrap cannot be started: ") + strerror(failed)));
  cell->bubblewrap_ = process;
  for (auto* end : {&sockets.theirs, &complaints.theirs, &information.theirs}) end->reset();
  TRY(cell->begin(information.ours));
  TRY(cell->open_ways_out(spec.ways_out));
  return cell;
}

Result<void> Cell::begin(const FileDescriptor& information) {
  const auto said = read_some(information.get(), kCellBegins, '}');
  const auto begun = await(0, kCellBegins);
  if (!begun) {
    const auto why = read_some(complaints_.get(), std::chrono::seconds(1), '\n');
    return fail(cannot_isolate(first_line(why)));
  }
  const auto child =
      parse_json(said).and_then([](const Json& json) { return number_at(json, "child-pid"); });
  if (child) first_inside_ = handle_of(*child);
  if (!first_inside_) return fail(cannot_isolate("its first process is not known"));
  if (group_ && !group_->take(static_cast<pid_t>(*child))) group_.reset();
  return {};
}

Result<void> Cell::open_ways_out(const std::vector<Destination>& ways_out) {
  for (std::size_t i = 0; i < ways_out.size(); ++i)
    TRY_CONTEXT(ways_out[i].text(), ask({{"order", "listen"},
                                         {"number", i},
                                         {"address", address_inside(ways_out, ways_out[i].host)},
                                         {"port", ways_out[i].port}}));
  if (!ways_out.empty())
    listener_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
  return {};
}

// Waits without the lock, so that questions are not held up.
void Cell::listen(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd watched{socket_.get(), POLLIN, 0};
    if (poll(&watched, 1, kListenMilliseconds) <= 0) continue;
    const std::lock_guard hold(mutex_);
    auto message = receive_message(socket_.get(), Duration(0));
    if (!message) return;
    if (*message) note(**message);
  }
}

Result<Isolation> Cell::probe(const std::vector<Guarded>& guarded) {
  std::string resolvers;
  if (const auto file = read_file("/etc/resolv.conf", 1U << 16U)) resolvers = to_text(*file);
  const auto answer =
      TRY(ask({{"order", "probe"}, {"probe", probe_request(guarded, sight_, resolvers)}}));
  // What the probe itself tried is nobody's attempt.
  outward_before_ += TRY(look()).outward;
  return read_probe(*TRY(member(answer.body, "found")));
}

Result<int> Cell::start(const Launch& launch, int output) {
  Json limits{{"memory", limits_.memory},
              {"processes", limits_.processes},
              {"open_files", limits_.open_files},
              {"file_size", limits_.file_size},
              {"disk_reserve", limits_.disk_reserve}};
  const auto answer = TRY(ask({{"order", "start"},
                               {"command", launch.command},
                               {"environment", launch.environment},
                               {"directory", launch.directory},
                               {"limits", limits}},
                              output));
  return static_cast<int>(TRY(number_at(answer.body, "process")));
}

Result<void> Cell::signal(int process, int number) {
  TRY(ask({{"order", "signal"}, {"process", process}, {"signal", number}}));
  return {};
}

Result<FileDescriptor> Cell::make_socket() {
  auto answer = TRY(ask({{"order", "socket"}}));
  if (!answer.descriptor) return fail(Code::unavailable, "the sandbox handed out no socket");
  return std::move(answer.descriptor);
}

Result<FileDescriptor> Cell::connect(std::uint16_t port) {
  auto socket = TRY(make_socket());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval patience{kConnectSeconds, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  return fail(Code::unavailable,
              "nobody listens on port " + std::to_string(port) + ": " + std::strerror(errno));
}

Result<Census> Cell::look() {
  const auto answer = TRY(ask({{"order", "look"}}));
  auto census = TRY(read_census(*TRY(member(answer.body, "census"))));
  census.outward -= std::min(census.outward, outward_before_.load());
  // The agent's own, for the ways out.
  for (const auto& each : passages_.traffic()) std::erase(census.listening, each.destination.port);
  return census;
}

CellNews Cell::news() {
  auto news = take_news();
  if (!news.over.empty() || !group_) return news;
  news.over = group_->passed();
  if (!news.over.empty()) (void)ask({{"order", "end"}});
  return news;
}

CellNews Cell::take_news() {
  const std::lock_guard hold(mutex_);
  while (socket_) {
    auto message = receive_message(socket_.get(), Duration(0));
    if (!message || !*message) break;
    note(**message);
  }
  return std::exchange(news_, {});
}

std::vector<Traffic> Cell::traffic() const { return passages_.traffic(); }

bool Cell::destroy() {
  listener_.request_stop();
  if (listener_.joinable()) listener_.join();
  passages_.close();
  const std::lock_guard hold(mutex_);
  if (bubblewrap_ < 0) return true;
  socket_.reset();
  kill(bubblewrap_, SIGKILL);
  while (waitpid(bubblewrap_, nullptr, 0) < 0 && errno == EINTR) {
  }
  bubblewrap_ = -1;
  const bool gone = first_inside_ && has_ended(first_inside_, kEndMilliseconds);
  group_.reset();
  return gone;
}

Result<Message> Cell::ask(Json order, int descriptor) {
  const std::lock_guard hold(mutex_);
  order["id"] = ++last_id_;
  TRY(send_message(socket_.get(), order, descriptor));
  auto answer = TRY(await(last_id_, kAnswer));
  if (const auto error = answer.body.find("error"); error != answer.body.end())
    return fail(Code::unavailable, error->is_string() ? error->get<std::string>() : error->dump());
  return answer;
}

// Answers come in the order of the questions; what happens meanwhile comes between them.
Result<Message> Cell::await(std::int64_t id, Duration within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < deadline) {
    auto message = TRY(receive_message(socket_.get(), within));
    if (!message) continue;
    const bool event = message->body.contains("event");
    if (event) note(*message);
    const auto answered = number_at(message->body, "id");
    if (event ? id == 0 : answered && *answered == id) return std::move(*message);
  }
  return fail(Code::timed_out, "the sandbox did not answer in time");
}

void Cell::note(Message& message) {
  const Json& event = message.body;
  const auto what = event.value("event", "");
  if (what == "outward")
    passages_.carry(event.value("number", std::size_t{0}), std::move(message.descriptor));
  if (what == "over") news_.over = event.value("limit", "a limit");
  if (what == "ended" && news_.ended.size() < kMostNews)
    news_.ended.push_back({event.value("process", 0), event.value("status", 0)});
}

}  // namespace lifeboat::sandbox
