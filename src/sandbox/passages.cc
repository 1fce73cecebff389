#include "sandbox/passages.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sandbox/dial.h"

namespace lifeboat::sandbox {
namespace {

// More than the pools of drivers hold.
constexpr std::size_t kMostAtOnce = 256;
constexpr int kWriteMilliseconds = 10'000;
constexpr int kRelayBeatMilliseconds = 50;

// One direction: what is read here is written there, until the end of it.
struct Direction {
  int from;
  int to;
  std::uint64_t bytes = 0;
  bool open = true;
};

bool write_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto written = send(to, bytes, size, MSG_NOSIGNAL);
    if (written > 0) {
      bytes += written;
      size -= static_cast<std::size_t>(written);
      continue;
    }
    pollfd watched{to, POLLOUT, 0};
    if (errno != EAGAIN || poll(&watched, 1, kWriteMilliseconds) != 1) return false;
  }
  return true;
}

void move_some(Direction& direction) {
  std::array<char, 32U << 10U> buffer;
  const auto size = read(direction.from, buffer.data(), buffer.size());
  if (size < 0 && errno == EAGAIN) return;
  direction.open =
      size > 0 && write_all(direction.to, buffer.data(), static_cast<std::size_t>(size));
  if (size > 0) direction.bytes += static_cast<std::uint64_t>(size);
  if (!direction.open) shutdown(direction.to, SHUT_WR);
}

void move_all(Direction& out, Direction& in, const std::stop_token& stop) {
  while ((out.open || in.open) && !stop.stop_requested()) {
    std::array<pollfd, 2> watched{
        {{out.open ? out.from : -1, POLLIN, 0}, {in.open ? in.from : -1, POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), kRelayBeatMilliseconds) <= 0) continue;
    if (watched[0].revents != 0) move_some(out);
    if (watched[1].revents != 0) move_some(in);
  }
}

}  // namespace

Passages::Passages(const std::vector<Destination>& destinations) {
  for (const auto& each : destinations) traffic_.push_back({each});
}

void Passages::carry(std::size_t number, FileDescriptor inside) {
  const std::lock_guard hold(mutex_);
  remove_done();
  if (number >= traffic_.size() || stop_.stop_requested()) return;
  auto& traffic = traffic_[number];
  ++traffic.connections;
  if (carriers_.size() >= kMostAtOnce) {
    ++traffic.refused;
    return;
  }
  auto& carrier = carriers_.emplace_back();
  carrier.thread = std::jthread([this, number, &carrier, inside = std::move(inside)]() mutable {
    run(number, std::move(inside), carrier);
  });
}

void Passages::run(std::size_t number, FileDescriptor inside, Carrier& carrier) {
  const auto outside = dial(traffic_[number].destination);
  Direction out{inside.get(), outside.get()};
  Direction in{outside.get(), inside.get()};
  if (outside) {
    for (const int end : {inside.get(), outside.get()}) fcntl(end, F_SETFL, O_NONBLOCK);
    // An answer in two parts must not wait for an acknowledgement of the first.
    const int yes = 1;
    setsockopt(inside.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    move_all(out, in, stop_.get_token());
  }
  const std::lock_guard hold(mutex_);
  traffic_[number].refused += outside ? 0 : 1;
  traffic_[number].sent += out.bytes;
  traffic_[number].received += in.bytes;
  carrier.done = true;
}

// Called with the lock held: a thread that has said that it is done needs it no more.
void Passages::remove_done() {
  carriers_.remove_if([](const Carrier& each) { return each.done.load(); });
}

void Passages::close() {
  stop_.request_stop();
  std::list<Carrier> ending;
  {
    const std::lock_guard hold(mutex_);
    ending.swap(carriers_);
  }
}

std::vector<Traffic> Passages::traffic() const {
  const std::lock_guard hold(mutex_);
  return traffic_;
}

}  // namespace lifeboat::sandbox
