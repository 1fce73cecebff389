#include "backup/size_estimate.h"

#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "engine/all.h"
#include "engine/engine.h"

namespace lifeboat::backup {
namespace {

constexpr int kLowest = 19;

// False when it was asked to stop meanwhile.
bool wait(Duration time, const std::stop_token& stop) {
  std::mutex mutex;  // only the condition variable needs it
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void estimate(const engine::SourceOptions& source, const RunContext& context) {
  // On Linux this is the thread's own: it takes what the backup leaves.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowest);
  const auto engine = engine::find_engine(source.type);
  const auto bytes = engine ? (*engine)->estimate(source, context) : fail(engine.error());
  if (bytes && *bytes != 0 && !context.stop.stop_requested()) context.progress.total(*bytes);
}

}  // namespace

SizeEstimate::SizeEstimate(const engine::SourceOptions& source, Duration after,
                           const RunContext& context) {
  if (!context.progress.wants_total()) return;
  thread_ = std::jthread([&source, after, &context](const std::stop_token& stop) {
    if (!wait(after, stop)) return;
    estimate(source, {stop, context.clock, context.random, context.progress, context.log});
  });
}

}  // namespace lifeboat::backup
