#include "service/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

namespace lifeboat::service {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(200);

Result<void> write_holder(int descriptor, const RunContext& context) {
  const auto text =
      "process " + std::to_string(getpid()) + " since " + to_the_second(context.clock.now()) + "\n";
  if (ftruncate(descriptor, 0) != 0) return fail_errno(errno, "cannot write the lock");
  return write_at(descriptor, 0, view_of(text));
}

std::string holder(int descriptor) {
  Bytes text(200);
  const auto count = read_at(descriptor, 0, text);
  if (!count || *count == 0) return "another run";
  return to_text(ByteView(text).first(*count - 1));
}

}  // namespace

Result<ServiceLock> ServiceLock::take(const std::filesystem::path& state,
                                      const std::string& service, Duration wait,
                                      const RunContext& context) {
  TRY(make_directories(state / "locks"));
  auto file = TRY(open_file(state / "locks" / (service + ".lock"), O_RDWR | O_CREAT));
  const Duration until = context.clock.steady() + wait;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    TRY(context.check_stop());
    const Duration left = until - context.clock.steady();
    if (left <= Duration(0))
      return fail(Code::busy, "service " + service + " is in use: " + holder(file.get()));
    context.clock.sleep(std::min(left, kPoll));
  }
  TRY(write_holder(file.get(), context));
  return ServiceLock(std::move(file));
}

}  // namespace lifeboat::service
