#include "backup/read_limit.h"

#include <algorithm>

namespace lifeboat::backup {

void ReadLimit::take(std::uint64_t bytes, const Clock& clock) {
  if (rate_ == 0) return;
  Duration wait{0};
  {
    const std::scoped_lock lock(mutex_);
    const Duration now = clock.steady();
    free_at_ = std::max(free_at_, now);
    wait = free_at_ - now;
    free_at_ += Duration(static_cast<std::int64_t>(bytes * 1'000'000 / rate_));
  }
  if (wait > Duration(0)) clock.sleep(wait);
}

Result<std::size_t> PacedReader::read(ByteSpan into) {
  auto count = context_.check_stop().and_then([&] { return inner_.read(into); });
  if (!count) {
    error_ = count.error();
    return count;
  }
  limit_.take(*count, context_.clock);
  context_.progress.advance(*count, 0);
  return count;
}

}  // namespace lifeboat::backup
