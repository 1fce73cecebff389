#include "sandbox/message.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lifeboat::sandbox {
namespace {

// Room for one descriptor beside a packet, aligned as the kernel wants it.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> room;
};

Failure gone() { return fail(Code::unavailable, "the sandbox has ended"); }

FileDescriptor descriptor_in(msghdr& packet) {
  const cmsghdr* header = CMSG_FIRSTHDR(&packet);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return FileDescriptor(descriptor);
}

Result<Message> receive_now(int socket) {
  std::string text(kLargestMessage, '\0');
  iovec part{text.data(), text.size()};
  Control control{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  packet.msg_control = &control;
  packet.msg_controllen = sizeof control;
  const auto size = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
  if (size <= 0) return gone();
  Message message;
  message.descriptor = descriptor_in(packet);
  text.resize(static_cast<std::size_t>(size));
  message.body = TRY(parse_json(text));
  if (!message.body.is_object()) return fail(Code::corrupt, "a message that is no object");
  return message;
}

}  // namespace

Result<void> send_message(int socket, const Json& body, int descriptor) {
  auto text = canonical_json(body);
  if (text.size() > kLargestMessage) return fail(Code::usage, "too much for the sandbox at once");
  iovec part{text.data(), text.size()};
  Control control{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  if (descriptor >= 0) {
    packet.msg_control = &control;
    packet.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&packet);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  if (sendmsg(socket, &packet, MSG_NOSIGNAL) < 0) return gone();
  return {};
}

Result<std::optional<Message>> receive_message(int socket, Duration within) {
  pollfd watched{socket, POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(within).count();
  const int ready = poll(&watched, 1, static_cast<int>(milliseconds));
  if (ready < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for the sandbox");
  if (ready <= 0) return std::nullopt;
  return std::optional(TRY(receive_now(socket)));
}

}  // namespace lifeboat::sandbox
