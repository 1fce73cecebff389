#include "repository/census.h"

#include <fmt/format.h>

#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

using Numbers = std::map<std::uint64_t, storage::ObjectInfo>;

Result<void> list_folder(const Store& store, std::string_view folder, Census& census,
                         Numbers WriterCensus::* into) {
  return store.backend->list(std::string(folder) + "/", [&](const auto& info) -> Result<void> {
    const auto ref = parse_session_key(folder, info.key);
    if (ref) (census.writers[ref->writer].*into)[ref->seq] = info;
    if (!ref)
      census.findings.push_back({"strange-object", info.key, ref.error().describe(), false});
    return {};
  });
}

std::uint64_t last_of(const Numbers& numbers) {
  return numbers.empty() ? 0 : numbers.rbegin()->first;
}

std::set<std::uint64_t> known_numbers(const WriterCensus& census) {
  std::set<std::uint64_t> known = census.forgotten;
  for (const auto& [seq, info] : census.ends) known.insert(seq);
  for (const auto& [seq, info] : census.sessions) known.insert(seq);
  return known;
}

// Gaps between known numbers and up to the highest that anybody saw; never one step a number, since
// what was "seen" may be a lie.
void find_gaps(const WriterId& writer, const WriterCensus& census, std::uint64_t highest,
               std::vector<MissingRun>& missing) {
  std::uint64_t next = 1;
  for (const auto seq : known_numbers(census)) {
    if (seq > next) missing.push_back({writer, next, seq - 1});
    next = seq + 1;
  }
  if (highest >= next) missing.push_back({writer, next, highest});
}

}  // namespace

std::uint64_t WriterCensus::highest() const {
  const auto last_forgotten = forgotten.empty() ? 0 : *forgotten.rbegin();
  return std::max({last_of(ends), last_of(sessions), last_forgotten});
}

std::vector<std::uint64_t> WriterCensus::open() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [seq, info] : sessions)
    if (!ended(seq)) numbers.push_back(seq);
  return numbers;
}

Seen Census::seen() const {
  Seen seen;
  for (const auto& [writer, each] : writers) seen[writer] = {each.highest(), each.open()};
  return seen;
}

Result<Census> list_sessions(const Store& store) {
  Census census;
  TRY(list_folder(store, "snapshots", census, &WriterCensus::ends));
  TRY(list_folder(store, "sessions", census, &WriterCensus::sessions));
  return census;
}

void add_forgotten(Census& census, const std::map<SessionRef, SnapshotId>& forgotten) {
  for (const auto& [ref, id] : forgotten) census.writers[ref.writer].forgotten.insert(ref.seq);
}

Result<Census> take_census(const Store& store) {
  auto census = TRY(list_sessions(store));
  const auto said = TRY(load_statements(store, "forgotten"));
  add_forgotten(census, TRY(gather_sayings(said.statements)).forgotten_numbers);
  return census;
}

Finding MissingRun::finding() const {
  const auto numbers =
      first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
  const auto why = seen ? "was seen before and is not there now"
                        : "is gone and no statement says that it was forgotten";
  return {std::string(kSnapshotMissing), key(),
          fmt::format("snapshot {} of writer {} {}: the storage lost or hides it", numbers,
                      writer.hex(), why),
          false};
}

std::vector<MissingRun> find_missing(const Census& census, const Seen& seen) {
  std::vector<MissingRun> missing;
  auto writers = census.writers;
  for (const auto& [writer, each] : seen) writers.try_emplace(writer);
  for (const auto& [writer, each] : writers) {
    const auto known = seen.find(writer);
    const auto highest = known == seen.end() ? 0 : known->second.max;
    find_gaps(writer, each, std::max(highest, each.highest()), missing);
    if (known == seen.end()) continue;
    for (const auto seq : each.open())
      if (known->second.ended(seq)) missing.push_back({writer, seq, seq, true});
  }
  return missing;
}

}  // namespace lifeboat::repository
