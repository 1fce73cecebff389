#include "repository/outbox.h"

namespace lifeboat::repository {

Outbox::Outbox(storage::Backend& backend)
    : backend_(backend), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Outbox::~Outbox() {
  thread_.request_stop();
  thread_.join();
}

void Outbox::put(Item item) {
  const std::lock_guard lock(guard_);
  items_.push_back(std::move(item));
  changed_.notify_all();
}

Result<void> Outbox::drain() {
  std::unique_lock lock(guard_);
  changed_.wait(lock, [&] { return items_.empty() && !busy_; });
  if (error_) return fail(*error_);
  return {};
}

Result<void> Outbox::status() {
  const std::lock_guard lock(guard_);
  if (error_) return fail(*error_);
  return {};
}

void Outbox::run(const std::stop_token& stop) {
  std::unique_lock lock(guard_);
  while (changed_.wait(lock, stop, [&] { return !items_.empty(); }) && !stop.stop_requested())
    put_next(lock);
}

void Outbox::put_next(std::unique_lock<std::mutex>& lock) {
  Item item = std::move(items_.front());
  items_.pop_front();
  busy_ = true;
  const bool failed = error_.has_value();
  lock.unlock();
  Result<void> done;
  if (!failed)
    done = backend_.put(item.key, item.owned.empty() ? item.bytes : ByteView(item.owned));
  lock.lock();
  if (!done) error_ = std::move(done).error().add_context(item.key);
  lock.unlock();
  if (item.finished) item.finished();
  lock.lock();
  busy_ = false;
  changed_.notify_all();
}

}  // namespace lifeboat::repository
