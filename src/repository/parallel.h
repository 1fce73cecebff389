#pragma once
// Doing the same for many objects in several threads, ending early at the first error. Thread-safe.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>

#include <tbb/parallel_for.h>

#include "base/result.h"

namespace lifeboat::repository {

// `work(i)` for each i below `count`, in no order; the first error that came ends it.
template <class Work>
Result<void> for_each_index(std::size_t count, const std::stop_token& stop, const Work& work) {
  std::mutex guard;  // for `first`
  std::optional<Error> first;
  std::atomic<bool> failed = false;
  const auto run = [&](std::size_t i) -> Result<void> {
    if (stop.stop_requested()) return fail(Code::interrupted, "interrupted");
    return work(i);
  };
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    if (failed) return;
    auto done = run(i);
    if (done) return;
    const std::scoped_lock lock(guard);
    failed = true;
    if (!first) first = std::move(done).error();
  });
  if (first) return fail(std::move(*first));
  return {};
}

}  // namespace lifeboat::repository
