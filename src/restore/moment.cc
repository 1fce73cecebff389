#include "restore/moment.h"

#include <algorithm>
#include <map>

#include "engine/all.h"

namespace lifeboat::restore {
namespace {

using repository::LogPieceInfo;
using repository::SnapshotInfo;
using repository::SourceSummary;

Result<std::uint64_t> position_in(const engine::Engine& engine, const Moment& moment) {
  if (!moment.position.empty()) return engine.parse_log_position(moment.position);
  return engine.log_position_at(moment.at);
}

// The place in a log where the snapshot's source ends; nothing where there is none.
Result<std::optional<std::uint64_t>> base_within(const SourceSummary& source,
                                                 const Moment& moment) {
  if (!source.log) return std::nullopt;
  const auto& engine = *TRY(engine::find_engine(source.type));
  if (*source.log > TRY(position_in(engine, moment))) return std::nullopt;
  return source.log;
}

Result<bool> is_base(const SnapshotInfo& snapshot, const Moment& moment) {
  for (const auto& source : snapshot.sources)
    if (TRY(base_within(source, moment))) return true;
  return false;
}

std::string first_moment(const std::vector<SnapshotInfo>& snapshots, const std::string& service) {
  std::string first;
  std::uint64_t lowest = ~std::uint64_t{0};
  for (const auto& snapshot : snapshots) {
    if (snapshot.service != service || !snapshot.complete) continue;
    for (const auto& source : snapshot.sources) {
      const auto engine = engine::find_engine(source.type);
      if (!source.log || !engine || *source.log >= lowest) continue;
      lowest = *source.log;
      first = (*engine)->describe_log_position(lowest);
    }
  }
  return first;
}

std::string text_of(const Moment& moment) {
  return moment.position.empty() ? to_rfc3339(moment.at) : moment.position;
}

std::uint64_t base_of(const SnapshotInfo& snapshot, const std::string& name) {
  const auto found = std::ranges::find(snapshot.sources, name, &SourceSummary::name);
  return found == snapshot.sources.end() ? 0 : found->log.value_or(0);
}

// What ends before the snapshot, or begins after the moment, is not on the way; the first that
// begins later tells where a log resumes.
std::vector<LogPieceInfo> pieces_between(std::vector<LogPieceInfo> pieces, std::uint64_t base,
                                         std::uint64_t until) {
  std::erase_if(pieces, [&](const auto& each) { return each.to < base; });
  const auto later = std::ranges::find_if(pieces, [&](const auto& e) { return e.from > until; });
  if (later != pieces.end()) pieces.erase(later + 1, pieces.end());
  return pieces;
}

// Another piece may hold what a damaged one held.
struct ReadablePieces {
  std::vector<LogPieceInfo> pieces;
  std::vector<Json> abouts;
  std::optional<Error> damage;  // of one that is not among them
};
Result<ReadablePieces> read_pieces(const std::vector<LogPieceInfo>& pieces,
                                   repository::Repository& repository) {
  ReadablePieces readable;
  for (const auto& each : pieces) {
    auto about = repository.log_about(each);
    if (!about && about.error().code() != Code::corrupt) return fail(std::move(about).error());
    if (!about) {
      readable.damage = about.error();
      continue;
    }
    readable.pieces.push_back(each);
    readable.abouts.push_back(std::move(*about));
  }
  return readable;
}

// Ends of snapshots and pieces that touch are one range.
std::vector<LogRange> merged(std::vector<LogRange> parts) {
  std::ranges::sort(parts, {}, [](const auto& each) { return std::pair(each.from, each.to); });
  std::vector<LogRange> ranges;
  for (auto& part : parts) {
    if (!ranges.empty() && part.from <= ranges.back().to)
      ranges.back().to = std::max(ranges.back().to, part.to);
    else
      ranges.push_back(std::move(part));
  }
  return ranges;
}

std::map<std::string, std::vector<SourceSummary>> bases_by_source(
    const std::vector<SnapshotInfo>& snapshots, const std::string& service) {
  std::map<std::string, std::vector<SourceSummary>> bases;
  for (const auto& snapshot : snapshots) {
    if (snapshot.service != service || !snapshot.complete) continue;
    for (const auto& source : snapshot.sources)
      if (source.log) bases[source.name].push_back(source);
  }
  return bases;
}

// A range of pieces counts from the first snapshot in it on.
std::vector<LogRange> from_bases(const std::vector<LogRange>& lines,
                                 const std::vector<SourceSummary>& bases) {
  std::vector<LogRange> ranges;
  for (const auto& line : lines) {
    std::optional<std::uint64_t> first;
    for (const auto& base : bases)
      if (*base.log >= line.from && *base.log <= line.to)
        first = std::min(first.value_or(*base.log), *base.log);
    if (first) ranges.push_back({line.source, *first, line.to, {}, {}});
  }
  return ranges;
}

}  // namespace

bool have_logs(const std::vector<SnapshotInfo>& snapshots, const std::string& service) {
  return std::ranges::any_of(snapshots, [&](const auto& each) {
    return each.service == service && std::ranges::any_of(each.sources, [](const auto& source) {
             return source.log.has_value();
           });
  });
}

Result<SnapshotInfo> choose_base(const std::vector<SnapshotInfo>& snapshots,
                                 const std::string& service, const Moment& moment) {
  const SnapshotInfo* newest = nullptr;
  for (const auto& each : snapshots) {
    if (each.service != service || !each.complete) continue;
    if (TRY(is_base(each, moment))) newest = &each;
  }
  if (newest != nullptr) return *newest;
  return fail(Error(Code::not_restorable,
                    "no snapshot ends before " + text_of(moment) + ", so nothing leads there")
                  .with_hint("The first moment that can be had is " +
                             first_moment(snapshots, service) + "."));
}

Result<void> plan_logs(Plan& plan, const std::vector<repository::SourceManifest>& sources,
                       const Moment& moment, repository::Repository& repository) {
  for (auto& item : plan.items) {
    const auto& engine = *TRY(engine::find_engine(item.type));
    if (!engine.traits().has_log) continue;
    item.until = TRY(position_in(engine, moment));
    TRY(plan_log(plan, item, sources, repository));
  }
  return {};
}

Result<void> plan_log(const Plan& plan, PlanItem& item,
                      const std::vector<repository::SourceManifest>& sources,
                      repository::Repository& repository) {
  const auto source = std::ranges::find(sources, item.source, &repository::SourceManifest::name);
  if (source == sources.end()) return fail(Code::internal, "the plan names an unknown source");
  const auto& engine = *TRY(engine::find_engine(item.type));
  const auto base = base_of(plan.snapshot, item.source);
  const auto readable =
      TRY(read_pieces(pieces_between(TRY(repository.log_pieces(plan.snapshot.service, item.source)),
                                     base, item.until),
                      repository));
  auto planned = engine.plan_replay(source->position, readable.abouts, item.until);
  if (!planned && readable.damage)
    return fail(std::move(planned).error().add_context("a piece of the log cannot be read (" +
                                                       readable.damage->describe() + ")"));
  const auto route = TRY_CONTEXT("source " + item.source, std::move(planned));
  for (const auto index : route.pieces) item.log.push_back(readable.pieces[index]);
  item.until = route.until;
  item.moment = engine.describe_log_position(route.until);
  return {};
}

Result<void> end_log_at(PlanItem& item, std::uint64_t until) {
  const auto& engine = *TRY(engine::find_engine(item.type));
  std::erase_if(item.log, [&](const LogPieceInfo& piece) { return piece.from > until; });
  item.until = until;
  item.moment = engine.describe_log_position(until);
  return {};
}

Result<std::vector<LogRange>> reachable(const std::vector<SnapshotInfo>& snapshots,
                                        const std::string& service,
                                        repository::Repository& repository) {
  std::vector<LogRange> all;
  for (const auto& [name, bases] : bases_by_source(snapshots, service)) {
    std::vector<LogRange> parts;
    for (const auto& each : TRY(repository.log_pieces(service, name)))
      parts.push_back({name, each.from, each.to, {}, {}});
    const auto& engine = *TRY(engine::find_engine(bases.front().type));
    for (auto& range : from_bases(merged(std::move(parts)), bases)) {
      range.from_text = engine.describe_log_position(range.from);
      range.to_text = engine.describe_log_position(range.to);
      all.push_back(std::move(range));
    }
  }
  return all;
}

}  // namespace lifeboat::restore
