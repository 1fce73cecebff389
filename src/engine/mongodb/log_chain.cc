#include "engine/mongodb/log_chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lifeboat::engine::mongodb {
namespace {

using Slices = std::vector<SliceManifest>;

struct Leg {
  Timestamp base;
  Timestamp until;
  const std::optional<LogPoint>& at_base;
};

std::vector<std::size_t> by_beginning(const Slices& slices) {
  std::vector<std::size_t> order(slices.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::tuple(slices[i].first.at.ts, slices[i].last.at.ts, slices[i].known_until);
  });
  return order;
}

// Adds a slice to the line that it follows, or to a copy of its beginning where another does, too.
void add_to(std::vector<Timeline>& lines, const Slices& slices, std::size_t index) {
  Timeline fork;
  for (auto& line : lines) {
    const auto before = std::ranges::find_if(line.slices.rbegin(), line.slices.rend(), [&](auto i) {
      return fit_of(slices[i], slices[index]) == Fit::follows;
    });
    if (before == line.slices.rbegin()) return line.slices.push_back(index);
    if (fork.slices.empty()) fork.slices.assign(line.slices.begin(), before.base());
  }
  fork.slices.push_back(index);
  lines.push_back(std::move(fork));
}

bool has_end(const Slices& slices, const Timeline& line, const std::optional<LogPoint>& point) {
  return point && std::ranges::any_of(line.slices, [&](auto i) {
           return slices[i].first == *point || slices[i].last == *point;
         });
}

// Of those that hold the base: one that is known to be its own, then the first that leads to the
// moment, then the one that goes furthest.
const Timeline* line_with(const Slices& slices, const std::vector<Timeline>& lines,
                          const Leg& leg) {
  const auto rank = [&](const Timeline& line) {
    const bool reaches = line.to >= leg.until;
    return std::tuple(has_end(slices, line, leg.at_base), reaches, reaches ? Timestamp() : line.to);
  };
  const Timeline* best = nullptr;
  for (const auto& line : lines)
    if (line.from <= leg.base && leg.base <= line.to &&
        (best == nullptr || rank(line) > rank(*best)))
      best = &line;
  return best;
}

// Where the log that begins at the base goes no further.
std::string why_it_ends(const Slices& slices, const std::vector<Timeline>& lines,
                        const Timeline& line) {
  const auto next = std::ranges::find_if(lines, [&](const auto& e) { return e.to > line.to; });
  if (next == lines.end()) return fmt::format("the log ends at {}", moment_text(line.to));
  const auto fit = fit_of(slices[line.slices.back()], slices[next->slices.front()]);
  return fmt::format("the log goes without a gap until {}, then {}, and resumes at {}",
                     moment_text(line.to), fit_text(fit), moment_text(next->from));
}

Failure cannot_reach(const std::string& why, Timestamp base, Timestamp last) {
  return fail(Error(Code::not_restorable, why)
                  .with_hint(fmt::format("from this snapshot, moments from {} to {} can be had",
                                         moment_text(base), moment_text(last))));
}

}  // namespace

std::string_view fit_text(Fit fit) {
  switch (fit) {
    case Fit::follows:
      return "it follows";
    case Fit::gap:
      return "entries are missing";
    case Fit::diverged:
      return "the history of the server was changed";
    case Fit::other_server:
      return "the log is of another server";
    case Fit::altered:
      return "a slice is not the one that the next was made after";
  }
  return "";
}

bool may_be_of(const SliceManifest& slice, const LogOrigin& server) {
  if (slice.replica_set != server.replica_set) return false;
  return slice.replica_set_id.empty() || server.replica_set_id.empty() ||
         slice.replica_set_id == server.replica_set_id;
}

Fit fit_of(const SliceManifest& earlier, const SliceManifest& later) {
  if (!may_be_of(earlier, {later.replica_set, later.replica_set_id, later.server_version}))
    return Fit::other_server;
  if (later.first.at.ts > earlier.last.at.ts) return Fit::gap;
  if (!(later.first == earlier.last)) return Fit::diverged;
  if (later.previous && later.previous != earlier.content) return Fit::altered;
  return Fit::follows;
}

Fit fit_of_log(const LogPoint& ours, Timestamp oldest, const std::optional<LogPoint>& found) {
  if (found && *found == ours) return Fit::follows;
  return oldest > ours.at.ts ? Fit::gap : Fit::diverged;
}

std::vector<Timeline> timelines(const Slices& slices) {
  std::vector<Timeline> lines;
  for (const auto index : by_beginning(slices)) add_to(lines, slices, index);
  for (auto& line : lines) {
    line.from = slices[line.slices.front()].first.at.ts;
    line.to = slices[line.slices.back()].known_until;
  }
  return lines;
}

Result<std::vector<std::size_t>> slices_between(const Slices& slices, Timestamp base,
                                                Timestamp until,
                                                const std::optional<LogPoint>& at_base) {
  if (until < base)
    return fail(Error(Code::not_restorable,
                      fmt::format("the moment {} is before the end of the snapshot, {}",
                                  moment_text(until), moment_text(base)))
                    .with_hint("choose an earlier snapshot, or a later moment"));
  if (until == base) return std::vector<std::size_t>{};
  const auto lines = timelines(slices);
  const auto* line = line_with(slices, lines, {base, until, at_base});
  if (line == nullptr)
    return cannot_reach(
        fmt::format("no log is there from {} on, where the snapshot ends", moment_text(base)), base,
        base);
  if (until > line->to) return cannot_reach(why_it_ends(slices, lines, *line), base, line->to);
  std::vector<std::size_t> chosen;
  for (const auto index : line->slices)
    if (slices[index].last.at.ts >= base && slices[index].first.at.ts <= until)
      chosen.push_back(index);
  return chosen;
}

}  // namespace lifeboat::engine::mongodb
