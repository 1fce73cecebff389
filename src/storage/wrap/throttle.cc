#include "storage/wrap/throttle.h"

#include <algorithm>

namespace lifeboat::storage {
namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

TokenBucket::TokenBucket(std::uint64_t rate, Duration now)
    : rate_(static_cast<double>(rate)), saved_(rate_), refilled_at_(now) {}

Duration TokenBucket::take(std::uint64_t bytes, Duration now) {
  if (rate_ == 0) return Duration(0);
  const std::lock_guard lock(guard_);
  if (now > refilled_at_) {
    saved_ = std::min(rate_, saved_ + seconds(now - refilled_at_) * rate_);
    refilled_at_ = now;
  }
  saved_ -= static_cast<double>(bytes);
  if (saved_ >= 0) return Duration(0);
  return std::chrono::ceil<Duration>(std::chrono::duration<double>(-saved_ / rate_));
}

ThrottleBackend::ThrottleBackend(std::unique_ptr<Backend> inner, const Limits& limits,
                                 const Clock& clock)
    : inner_(std::move(inner)),
      clock_(clock),
      up_(limits.upload, clock.steady()),
      down_(limits.download, clock.steady()) {}

Result<void> ThrottleBackend::put(const Key& key, ByteView bytes) {
  pay(up_, bytes.size());
  return inner_->put(key, bytes);
}

Result<void> ThrottleBackend::get(const Key& key, Range range, Bytes& into) {
  TRY(inner_->get(key, range, into));
  pay(down_, into.size());
  return {};
}

void ThrottleBackend::pay(TokenBucket& bucket, std::uint64_t bytes) {
  const auto wait = bucket.take(bytes, clock_.steady());
  if (wait > Duration(0)) clock_.sleep(wait);
}

}  // namespace lifeboat::storage
