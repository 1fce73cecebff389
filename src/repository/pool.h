#pragma once
// Things that are dear to make and used by one thread at a time: lent and given back, the last one
// given back first, since its memory is warm. Thread-safe.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace lifeboat::repository {

template <class T>
class Pool {
 public:
  // Gives the thing back when it goes out of scope. Must not outlive the pool.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<T> thing) : pool_(&pool), thing_(std::move(thing)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept {
      give_back();
      pool_ = other.pool_;
      thing_ = std::move(other.thing_);
      return *this;
    }
    ~Lease() { give_back(); }
    T& operator*() { return *thing_; }
    T* operator->() { return thing_.get(); }

   private:
    void give_back() {
      if (thing_) pool_->put(std::move(thing_));
    }
    Pool* pool_;
    std::unique_ptr<T> thing_;
  };

  using Make = std::function<std::unique_ptr<T>()>;
  Pool(std::size_t limit, Make make) : limit_(limit), make_(std::move(make)) {}

  // Waits while `limit` are lent.
  Lease take() {
    std::unique_lock lock(guard_);
    returned_.wait(lock, [&] { return !free_.empty() || made_ < limit_; });
    if (free_.empty()) {
      ++made_;
      return Lease(*this, make_());
    }
    auto thing = std::move(free_.back());
    free_.pop_back();
    return Lease(*this, std::move(thing));
  }

  // Visits all; none is lent.
  template <class Visit>
  void visit(const Visit& each) {
    const std::lock_guard lock(guard_);
    for (auto& thing : free_) each(*thing);
  }
  std::size_t made() const {
    const std::lock_guard lock(guard_);
    return made_;
  }

 private:
  void put(std::unique_ptr<T> thing) {
    const std::lock_guard lock(guard_);
    free_.push_back(std::move(thing));
    returned_.notify_one();
  }

  const std::size_t limit_;
  const Make make_;
  mutable std::mutex guard_;  // for the members below
  std::condition_variable returned_;
  std::size_t made_ = 0;
  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace lifeboat::repository
