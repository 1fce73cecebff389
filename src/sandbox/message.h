#pragma once
// What a cell and its agent say to each other: one JSON value a packet over a Unix socket, with at
// most one descriptor beside it. Stateless.
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_value.h"

namespace lifeboat::sandbox {

struct Message {
  Json body;
  FileDescriptor descriptor;  // what came with it, if anything
};

constexpr std::size_t kLargestMessage = 128U << 10U;

// `descriptor` is copied to the other side; -1 for none. A message that is too large is `usage`,
// a side that is gone `unavailable`.
Result<void> send_message(int socket, const Json& body, int descriptor = -1);
// Nothing when none came in time; `unavailable` when the other side is gone. What is no JSON
// object is `corrupt`.
Result<std::optional<Message>> receive_message(int socket, Duration within);

}  // namespace lifeboat::sandbox
