#pragma once
// What a drill will need of disk, memory and time, said before anything is fetched: from the
// snapshot's size, the configuration and earlier drills. What none of them tells is not known, and
// never guessed. Values and pure functions.
#include <optional>
#include <string>
#include <vector>

#include "drill/evidence.h"
#include "sandbox/memory_room.h"

namespace lifeboat::drill {

struct DiskForecast {
  std::uint64_t needed = 0;
  std::uint64_t free = 0;
  std::string where;
};

struct MemoryForecast {
  std::optional<std::uint64_t> application;  // at most
  std::optional<std::uint64_t> own;          // beyond what this process holds already
  sandbox::MemoryRoom room;
  std::uint64_t needed() const { return application.value_or(0) + own.value_or(0); }
};

struct TimeForecast {
  Duration whole{0};       // from the first stage to the last, without waiting for people
  std::size_t drills = 0;  // earlier ones that it is drawn from
};

struct Forecast {
  std::optional<DiskForecast> disk;
  std::optional<MemoryForecast> memory;
  std::optional<TimeForecast> time;  // none: no earlier drill is like this one
};

// The drill that lies ahead.
struct Ahead {
  std::string drill;  // empty: whichever
  std::string tier;
  std::uint64_t bytes = 0;  // to be restored
};

// Earlier drills that say something about this one, the newest first: of the same name and tier,
// run to their end, and of a like size. A rate measured on a much smaller one would be a guess.
std::vector<Json> like_drills(const std::vector<SignedRecord>& records, const Ahead& ahead);
// Restoring and checking take as long as there are bytes, all else as long as it took. Nothing
// without a drill that is like it.
std::optional<TimeForecast> forecast_time(const std::vector<Json>& like, const Ahead& ahead);
// The same for one stage.
std::optional<TimeForecast> forecast_stage(const std::vector<Json>& like, const std::string& stage,
                                           const Ahead& ahead);
// The most that any of them measured of `what`, a member of measures.memory.
std::optional<std::uint64_t> peak_of(const std::vector<Json>& like, const char* what);

// `timed_out` when it is foretold to take longer than it may.
Result<void> judge_time(const std::optional<TimeForecast>& foretold,
                        const std::optional<Duration>& within);

// "disk 1.2 MB of 3 GB free in /x", and so on, one for each that is known or not.
std::string sentence_of(const Forecast& forecast);
Json to_json(const Forecast& forecast, Duration taken);

}  // namespace lifeboat::drill
