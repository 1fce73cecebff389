#include "sandbox/dial.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace lifeboat::sandbox {
namespace {

constexpr int kConnectMilliseconds = 10'000;

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses look_up(const Destination& destination) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(destination.port);
  if (getaddrinfo(destination.host.c_str(), port.c_str(), &hints, &found) != 0) found = nullptr;
  return {found, [](addrinfo* all) {
            if (all != nullptr) freeaddrinfo(all);
          }};
}

bool finishes(int socket) {
  pollfd watched{socket, POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  return poll(&watched, 1, kConnectMilliseconds) == 1 &&
         getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

std::vector<std::string> raw_addresses(const Addresses& addresses) {
  std::vector<std::string> all;
  for (const auto* each = addresses.get(); each != nullptr; each = each->ai_next)
    all.emplace_back(reinterpret_cast<const char*>(each->ai_addr), each->ai_addrlen);
  return all;
}

}  // namespace

FileDescriptor dial(const Destination& destination) {
  if (!destination.socket.empty()) return dial(destination.socket);
  const auto addresses = look_up(destination);
  for (const auto* each = addresses.get(); each != nullptr; each = each->ai_next) {
    FileDescriptor socket(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int begun = connect(socket.get(), each->ai_addr, each->ai_addrlen);
    if (begun == 0 || (errno == EINPROGRESS && finishes(socket.get()))) return socket;
  }
  return {};
}

FileDescriptor dial(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return {};
  std::memcpy(static_cast<char*>(address.sun_path), socket.c_str(), socket.size() + 1);
  FileDescriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (connect(made.get(), where, sizeof address) != 0) return {};
  return made;
}

bool is_same_place(const Destination& one, const Destination& other) {
  if (one.text() == other.text()) return true;
  const auto here = raw_addresses(look_up(one));
  const auto there = raw_addresses(look_up(other));
  return std::ranges::find_first_of(here, there) != here.end();
}

}  // namespace lifeboat::sandbox
