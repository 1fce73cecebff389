#include "sandbox/dial.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

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

// An address without its port; empty for a kind that is not IP.
std::string number_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address != nullptr && address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(),
              text.size());
  if (address != nullptr && address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text.data(),
              text.size());
  return text.data();
}

std::vector<std::string> own_addresses() {
  std::vector<std::string> all;
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return all;
  for (const auto* each = found; each != nullptr; each = each->ifa_next)
    all.push_back(number_of(each->ifa_addr));
  freeifaddrs(found);
  return all;
}

// The numbers of a destination, those of this machine by one name.
std::vector<std::string> numbers_of(const Destination& destination,
                                    const std::vector<std::string>& own) {
  const auto addresses = look_up(destination);
  std::vector<std::string> all;
  for (const auto* each = addresses.get(); each != nullptr; each = each->ai_next) {
    auto number = number_of(each->ai_addr);
    const bool is_own = number.starts_with("127.") || std::ranges::find(own, number) != own.end();
    all.push_back(is_own ? "this machine" : std::move(number));
  }
  return all;
}

// "db1:27017", "[::1]:27017"; a path, or what has no port, is no destination.
std::optional<Destination> read_address(const std::string& address) {
  const auto colon = address.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string::npos || address.front() == '/') return std::nullopt;
  const char* end = address.data() + address.size();
  if (std::from_chars(address.data() + colon + 1, end, port).ptr != end) return std::nullopt;
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Destination{std::move(host), port, {}};
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

bool may_be_same_place(const Destination& one, const Destination& other) {
  if (one.text() == other.text()) return true;
  if (one.port != other.port) return false;
  const auto own = own_addresses();
  const auto here = numbers_of(one, own);
  const auto there = numbers_of(other, own);
  if (here.empty() || there.empty()) return true;
  return std::ranges::find_first_of(here, there) != here.end();
}

bool may_be_same_address(const std::string& one, const std::string& other) {
  std::error_code error;
  if (one.starts_with('/') && other.starts_with('/'))
    return one == other || std::filesystem::equivalent(one, other, error);
  const auto here = read_address(one);
  const auto there = read_address(other);
  return here && there && may_be_same_place(*here, *there);
}

}  // namespace lifeboat::sandbox
