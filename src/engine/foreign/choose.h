#pragma once
// Which of several backups in a folder is the newest: by the date in their names or, when no name
// has one, by when they were written. Stateless; reads the folder only.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/foreign/options.h"

namespace lifeboat::engine::foreign {

// "shop-2026-11-20_0300.tar.gz" names a date and a time of day, in the zone of who wrote it.
struct Stamp {
  std::string date;  // "2026-11-20"
  std::string time;  // "03:00:00"; empty when the name says only the day
  auto operator<=>(const Stamp&) const = default;
};
// `config_invalid` when the name holds more than one date: which of them counts is not known.
Result<std::optional<Stamp>> stamp_in(std::string_view name);

struct Candidate {
  std::string path;
  std::string name;
  bool is_folder = false;
  std::uint64_t bytes = 0;  // of a file; of a folder 0
  Time modified;            // of a folder: the newest of what is directly in it
  std::optional<Stamp> stamp;
};

// Everything that the options call a backup; `not_found` when nothing is. Links are not followed,
// except `from` itself.
Result<std::vector<Candidate>> candidates(const Options& options);

// `config_invalid` where no answer is certain: some names with a date and some without, or two that
// are equally new.
Result<Candidate> choose_newest(const std::vector<Candidate>& all);

}  // namespace lifeboat::engine::foreign
