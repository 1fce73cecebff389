#pragma once
// Whether slices of a log fit together, and which of them lead from a snapshot to a moment. Pure
// functions over manifests.
#include <optional>
#include <string>
#include <vector>

#include "engine/mongodb/log_slice.h"

namespace lifeboat::engine::mongodb {

enum class Fit : std::uint8_t {
  follows,
  gap,           // entries between the two are missing
  diverged,      // the server's history was changed: a rollback, or a restore
  other_server,  // it is the log of another replica set
  altered,       // it says that it follows a slice of other content
};

// Whether a slice is of that server, as far as can be told: ids count where both are known, for not
// everybody may ask for them.
bool may_be_of(const SliceManifest& slice, const LogOrigin& server);

// Whether `later` continues `earlier`: its first entry is the last of that, by time, term and hash.
Fit fit_of(const SliceManifest& earlier, const SliceManifest& later);
std::string_view fit_text(Fit fit);

// What a live log says when it is asked for entries from our last one on: `oldest` is the first
// that it still has, `found` the first at or after ours.
Fit fit_of_log(const LogPoint& ours, Timestamp oldest, const std::optional<LogPoint>& found);

// A run of slices without a gap.
struct Timeline {
  std::vector<std::size_t> slices;  // indexes, in order
  Timestamp from;
  Timestamp to;
};

// Every run, in the order of their beginnings. Two that followed one log at once leave two runs,
// which may begin with the same slices.
std::vector<Timeline> timelines(const std::vector<SliceManifest>& slices);

// The slices that lead from `base` (the end of a snapshot) to `until`, in order. `not_restorable`
// when the moment is before the base, in or beyond a gap, or later than the log: the message names
// the gap and the moments that can be had.
// Of several runs that hold both, one that has the entry at the base itself as an end is preferred.
Result<std::vector<std::size_t>> slices_between(const std::vector<SliceManifest>& slices,
                                                Timestamp base, Timestamp until,
                                                const std::optional<LogPoint>& at_base = {});

}  // namespace lifeboat::engine::mongodb
