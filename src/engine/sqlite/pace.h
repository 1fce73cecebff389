#pragma once
// Keeps to so many bytes a second, by sleeping after too many. One thread at a time.
#include <chrono>
#include <cstdint>
#include <thread>

namespace lifeboat::engine::sqlite {

class Pace {
 public:
  // 0 is no limit.
  explicit Pace(std::uint64_t limit = 0)
      : limit_(limit), start_(std::chrono::steady_clock::now()) {}
  void spent(std::uint64_t bytes) {
    if (limit_ == 0) return;
    total_ += bytes;
    const std::chrono::duration<double> due(static_cast<double>(total_) /
                                            static_cast<double>(limit_));
    std::this_thread::sleep_until(
        start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
  }

 private:
  std::uint64_t limit_;
  std::uint64_t total_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace lifeboat::engine::sqlite
