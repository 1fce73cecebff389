#pragma once
// Time as injected: the wall clock for records, the steady clock for durations, and RFC 3339 texts.
// Implementations are thread-safe.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lifeboat {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;  // UTC

// As records hold durations: what is less than one is cut off.
constexpr std::int64_t whole_milliseconds(Duration time) { return time.count() / 1000; }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;         // may jump, forwards or backwards
  virtual Duration steady() const = 0;  // never goes backwards; only differences mean anything
  virtual void sleep(Duration time) const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  Duration steady() const override;
  void sleep(Duration time) const override;
};

// Stands still until told; sleep() advances it. For tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() const override { return now_.load(); }
  Duration steady() const override { return steady_.load(); }
  void sleep(Duration time) const override { advance(time); }
  void advance(Duration time) const {
    add(now_, time);
    add(steady_, time);
  }
  void set(Time time) { now_ = time; }

 private:
  template <class T>
  static void add(std::atomic<T>& to, Duration time) {
    for (auto before = to.load(); !to.compare_exchange_weak(before, before + time);) {
    }
  }
  mutable std::atomic<Time> now_;
  mutable std::atomic<Duration> steady_{Duration(0)};
};

// "2026-11-21T09:45:00Z", or with ".123456" when there is a fraction.
std::string to_rfc3339(Time time);
// For people: always without the fraction.
std::string to_the_second(Time time);
// Accepts a "Z" or "+01:00" offset and up to six digits of fraction; else `usage`.
Result<Time> parse_rfc3339(std::string_view text);
// "90s", "15m", "24h", "2d", "1w", "500ms"; else `config_invalid`.
Result<Duration> parse_duration(std::string_view text);
// For people: "1.2 s", "3 min 20 s", "2 h 05 min", "3 d 4 h".
std::string describe_duration(Duration time);
// For people: "812 B", "1.4 MB", "3.0 GB" (powers of 1000).
std::string describe_size(std::uint64_t bytes);
// "50MB", "4 GiB", "1000"; optional "/s"; else `config_invalid`.
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace lifeboat
