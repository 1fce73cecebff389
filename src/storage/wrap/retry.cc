#include "storage/wrap/retry.h"

#include <algorithm>
#include <cstring>

namespace lifeboat::storage {

template <class Call>
auto RetryBackend::persist(Call call) {
  auto result = call();
  for (unsigned retry = 0; retry < limits_.retries; ++retry) {
    if (result || !result.error().retryable()) break;
    clock_.sleep(wait_before(retry));
    result = call();
  }
  return result;
}

// Twice as long each time, and between half and all of that, so that many writers whose store
// failed at one moment do not come back at one moment.
Duration RetryBackend::wait_before(unsigned retry) {
  Duration wait = limits_.first_wait;
  while (retry-- > 0 && wait < limits_.longest_wait) wait *= 2;
  wait = std::min(wait, limits_.longest_wait);
  std::uint32_t random = 0;
  const auto bytes = random_.array<sizeof random>();
  std::memcpy(&random, bytes.data(), sizeof random);
  return wait / 2 + Duration(random % (wait.count() / 2 + 1));
}

Result<void> RetryBackend::put(const Key& key, ByteView bytes) {
  return persist([&] { return inner_->put(key, bytes); });
}

Result<void> RetryBackend::get(const Key& key, Range range, Bytes& into) {
  return persist([&] { return inner_->get(key, range, into); });
}

Result<ObjectInfo> RetryBackend::stat(const Key& key) {
  return persist([&] { return inner_->stat(key); });
}

Result<void> RetryBackend::list(const std::string& prefix, const Visitor& visit) {
  std::vector<ObjectInfo> found;
  TRY(persist([&] {
    found.clear();
    return inner_->list(prefix, [&](const ObjectInfo& info) -> Result<void> {
      found.push_back(info);
      return {};
    });
  }));
  for (const auto& info : found) TRY(visit(info));
  return {};
}

Result<void> RetryBackend::remove(const Key& key) {
  return persist([&] { return inner_->remove(key); });
}

}  // namespace lifeboat::storage
