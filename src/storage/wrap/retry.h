#pragma once
// A Backend that tries again what may pass: only errors marked retryable(), a limited number of
// times, waiting longer each time. A put whose first answer was lost succeeds when tried again,
// because a Backend takes its own bytes for success. Thread-safe.
#include "base/random.h"
#include "storage/backend.h"

namespace lifeboat::storage {

struct RetryLimits {
  unsigned retries = 5;  // after the first try
  Duration first_wait = std::chrono::milliseconds(500);
  Duration longest_wait = std::chrono::seconds(30);
};

class RetryBackend final : public Backend {
 public:
  RetryBackend(std::unique_ptr<Backend> inner, const RetryLimits& limits, const Clock& clock,
               Random& random)
      : inner_(std::move(inner)), limits_(limits), clock_(clock), random_(random) {}

  Result<void> put(const Key& key, ByteView bytes) override;
  Result<void> get(const Key& key, Range range, Bytes& into) override;
  Result<ObjectInfo> stat(const Key& key) override;
  // Collects everything before the first visit, so that no object is visited twice.
  Result<void> list(const std::string& prefix, const Visitor& visit) override;
  Result<void> remove(const Key& key) override;
  Traits traits() const override { return inner_->traits(); }

 private:
  template <class Call>
  auto persist(Call call);
  Duration wait_before(unsigned retry);

  std::unique_ptr<Backend> inner_;
  RetryLimits limits_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace lifeboat::storage
