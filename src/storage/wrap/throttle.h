#pragma once
// A Backend that keeps to so many bytes a second up and down, on average over a second and more.
// Thread-safe.
#include <mutex>

#include "storage/backend.h"

namespace lifeboat::storage {

// Tokens are bytes: `rate` flow in each second, at most one second's worth is saved up.
// Thread-safe.
class TokenBucket {
 public:
  // A rate of 0 is no limit.
  TokenBucket(std::uint64_t rate, Duration now);

  // Takes the tokens, into debt if need be; returns how long the caller must wait for them.
  Duration take(std::uint64_t bytes, Duration now);

 private:
  double rate_;
  std::mutex guard_;  // for the two below; callers wait outside it
  double saved_;
  Duration refilled_at_;
};

class ThrottleBackend final : public Backend {
 public:
  struct Limits {
    std::uint64_t upload = 0;  // bytes per second; 0 = none
    std::uint64_t download = 0;
  };
  ThrottleBackend(std::unique_ptr<Backend> inner, const Limits& limits, const Clock& clock);

  Result<void> put(const Key& key, ByteView bytes) override;
  // Waits afterwards: how much there was to read is known only then.
  Result<void> get(const Key& key, Range range, Bytes& into) override;
  Result<ObjectInfo> stat(const Key& key) override { return inner_->stat(key); }
  Result<void> list(const std::string& prefix, const Visitor& visit) override {
    return inner_->list(prefix, visit);
  }
  Result<void> remove(const Key& key) override { return inner_->remove(key); }
  Traits traits() const override { return inner_->traits(); }

 private:
  void pay(TokenBucket& bucket, std::uint64_t bytes);

  std::unique_ptr<Backend> inner_;
  const Clock& clock_;
  TokenBucket up_;
  TokenBucket down_;
};

}  // namespace lifeboat::storage
