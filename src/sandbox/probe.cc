// The part of isolation.h that runs inside the cell.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "sandbox/isolation.h"
#include "sandbox/walk.h"

namespace lifeboat::sandbox {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(2000);

// A question for the address of example.com, as any name server takes it.
constexpr std::array<std::uint8_t, 29> kQuestion{0x4c, 0x42, 1,   0,   0,   1,   0,   0,   0,   0,
                                                 0,    0,    7,   'e', 'x', 'a', 'm', 'p', 'l', 'e',
                                                 3,    'c',  'o', 'm', 0,   0,   1,   0,   1};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address address_of(const std::string& text, int port) {
  Address address;
  auto& four = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof four;
  } else if (inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof six;
  }
  return address;
}

// One peer that is being tried; all are tried at once, so that silence costs one time-out.
struct Trial {
  Json peer;
  FileDescriptor socket;
  int error = 0;       // of the first step
  bool asked = false;  // a question was sent and an answer would be a leak
};

Trial begin_trial(const Json& peer) {
  Trial trial;
  trial.peer = peer;
  const bool dns = peer.value("kind", "") == "dns";
  const auto address = address_of(peer.value("address", ""), peer.value("port", 0));
  const int type = (dns ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  trial.socket = FileDescriptor(socket(address.storage.ss_family, type, 0));
  const auto* where = reinterpret_cast<const sockaddr*>(&address.storage);
  if (!trial.socket || connect(trial.socket.get(), where, address.size) != 0) trial.error = errno;
  if (trial.error == EINPROGRESS) trial.error = 0;
  if (trial.error != 0 || !dns) return trial;
  trial.asked = true;
  if (send(trial.socket.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) < 0)
    trial.error = errno;
  return trial;
}

void await(std::vector<Trial>& trials) {
  std::vector<pollfd> watched;
  for (const auto& trial : trials)
    watched.push_back({trial.error == 0 ? trial.socket.get() : -1,
                       static_cast<short>(trial.asked ? POLLIN : POLLOUT), 0});
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    bool open = false;
    for (auto& each : watched) {
      if (each.revents != 0) each.fd = -1;
      open |= each.fd >= 0;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (!open || left.count() <= 0) return;
    if (poll(watched.data(), watched.size(), static_cast<int>(left.count())) <= 0) return;
  }
}

// What came of it; a peer that refuses was reached, and so was the network.
std::pair<std::string, bool> outcome_of(const Trial& trial) {
  if (trial.error != 0) return {std::strerror(trial.error), true};
  pollfd now{trial.socket.get(), static_cast<short>(trial.asked ? POLLIN : POLLOUT), 0};
  if (poll(&now, 1, 0) <= 0) return {"no answer", true};
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(trial.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return {trial.asked ? "answered" : "connected", false};
  return {std::strerror(error), error != ECONNREFUSED || trial.asked};
}

Json answer_of(const Trial& trial) {
  const auto [found, blocked] = outcome_of(trial);
  return {{"what", trial.peer.value("what", "")},
          {"target", trial.peer.value("address", "") + " port " +
                         std::to_string(trial.peer.value("port", 0))},
          {"found", found},
          {"blocked", blocked}};
}

bool is_one_of(const struct stat& status, const Json& inodes) {
  for (const auto& inode : inodes)
    if (inode.at(0) == std::uint64_t{status.st_dev} && inode.at(1) == std::uint64_t{status.st_ino})
      return true;
  return false;
}

// Something else may be at the path here: only the thing itself counts.
Json look_at(const Json& place, const std::string& path) {
  Json answer{{"what", place.value("what", "")}, {"target", path}};
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    answer["found"] = std::strerror(errno);
    answer["blocked"] = true;
    return answer;
  }
  const bool same = is_one_of(status, place.at("inodes"));
  answer["found"] = same ? "it is here" : "something else is here";
  answer["blocked"] = !same;
  return answer;
}

// Production by another name: a hard link or a mount inside what is shown, or what leads to one of
// its processes.
class Search {
 public:
  explicit Search(const Json& request) {
    for (const auto& place : request.at("places"))
      for (const auto& inode : place.at("inodes")) inodes_.push_back(inode);
    std::error_code error;
    for (const auto& own : request.at("own"))
      own_.push_back(fs::weakly_canonical(own.get<std::string>(), error).string() + "/");
  }

  Json answer_for(const std::string& folder) {
    found_.clear();
    looked_ = 0;
    const auto trouble = walk(folder, [this](const fs::path& path, const struct stat& status) {
      return look(path, status);
    });
    if (found_.empty()) found_ = trouble;
    const bool blocked = found_.empty();
    return {{"what", "sources and repositories by other names, and sockets and pipes"},
            {"target", folder},
            {"found", blocked ? "none in " + std::to_string(looked_) + " files" : found_},
            {"blocked", blocked}};
  }

 private:
  Onward look(const fs::path& path, const struct stat& status) {
    ++looked_;
    if (is_one_of(status, inodes_)) found_ = path.string();
    if (is_socket_or_pipe(status) && !is_own(path.string()))
      found_ = path.string() + ", which leads to a process of this machine";
    return found_.empty() ? Onward::go_on : Onward::end;
  }

  // Made inside, by whom it leads to.
  bool is_own(const std::string& path) const {
    return std::ranges::any_of(own_, [&](const auto& own) { return path.starts_with(own); });
  }

  Json inodes_ = Json::array();
  std::vector<std::string> own_;
  std::string found_;
  std::size_t looked_ = 0;
};

Json look_for(const char* path, int flags) {
  const FileDescriptor file(open(path, flags | O_CLOEXEC));
  const auto found = file ? std::string("opened") : std::string(std::strerror(errno));
  return {{"what", (flags & O_ACCMODE) == O_RDONLY ? "secrets of the system" : "the system"},
          {"target", path},
          {"found", found},
          {"blocked", !file}};
}

}  // namespace

Json run_probe(const Json& request) {
  Json answers = Json::array();
  std::vector<Trial> trials;
  for (const auto& peer : request.at("peers")) trials.push_back(begin_trial(peer));
  await(trials);
  for (const auto& trial : trials) answers.push_back(answer_of(trial));
  for (const auto& place : request.at("places"))
    for (const auto& path : place.at("paths"))
      answers.push_back(look_at(place, path.get<std::string>()));
  Search search(request);
  for (const auto& folder : request.at("shown"))
    answers.push_back(search.answer_for(folder.get<std::string>()));
  answers.push_back(look_for("/etc/shadow", O_RDONLY));
  answers.push_back(look_for("/usr", O_TMPFILE | O_RDWR));
  return answers;
}

}  // namespace lifeboat::sandbox
