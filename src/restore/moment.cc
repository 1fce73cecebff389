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
                                   repository::Repository& repository, bool quick = false) {
  ReadablePieces readable;
  for (const auto& each : pieces) {
    auto about = quick ? repository.log_head(each) : repository.log_about(each);
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

// A snapshot of which a source's log goes on.
struct Base {
  repository::SnapshotId snapshot;
  std::uint64_t log = 0;
};

struct LoggedSource {
  std::string type;
  std::vector<Base> bases{};  // by their places in the log
};

std::map<std::string, LoggedSource> logged_sources(const std::vector<SnapshotInfo>& snapshots,
                                                   const std::string& service) {
  std::map<std::string, LoggedSource> found;
  for (const auto& snapshot : snapshots) {
    if (snapshot.service != service || !snapshot.complete) continue;
    for (const auto& source : snapshot.sources)
      if (source.log)
        found.try_emplace(source.name, LoggedSource{source.type})
            .first->second.bases.push_back({snapshot.id, *source.log});
  }
  for (auto& [name, source] : found) std::ranges::stable_sort(source.bases, {}, &Base::log);
  return found;
}

// The log of one source, asked as a restore asks it: by what each piece says of itself.
class Reach {
 public:
  static Result<Reach> begin(const LogQuestion& question, const std::string& source,
                             const std::string& type, repository::Repository& repository) {
    auto pieces = TRY(read_pieces(TRY(repository.log_pieces(question.service, source)), repository,
                                  question.quick));
    return Reach(*TRY(engine::find_engine(type)), std::move(pieces));
  }

  const engine::Engine& engine() const { return engine_; }
  std::uint64_t end() const {
    std::uint64_t last = 0;
    for (const auto& each : pieces_.pieces) last = std::max(last, each.to);
    return last;
  }
  // The last moment, no later than `limit`, that leads on from a snapshot. All before it do, too.
  Result<std::uint64_t> from(const Json& position, std::uint64_t base, std::uint64_t limit) const {
    if (limit <= base || TRY(leads(position, base, limit))) return std::max(base, limit);
    std::vector<std::uint64_t> ends;
    for (const auto& each : pieces_.pieces)
      if (each.to > base && each.to < limit) ends.push_back(each.to);
    std::ranges::sort(ends);
    std::size_t sure = 0;  // so many of them are reached
    for (auto beyond = ends.size(); sure < beyond;) {
      const auto middle = sure + (beyond - sure) / 2;
      if (TRY(leads(position, base, ends[middle])))
        sure = middle + 1;
      else
        beyond = middle;
    }
    return sure == 0 ? base : ends[sure - 1];
  }

 private:
  Reach(const engine::Engine& engine, ReadablePieces pieces)
      : engine_(engine), pieces_(std::move(pieces)) {}

  Result<bool> leads(const Json& position, std::uint64_t base, std::uint64_t until) const {
    std::vector<Json> abouts;
    for (std::size_t i = 0; i < pieces_.pieces.size(); ++i)
      if (pieces_.pieces[i].to >= base && pieces_.pieces[i].from <= until)
        abouts.push_back(pieces_.abouts[i]);
    const auto route = engine_.plan_replay(position, abouts, until);
    if (!route && route.error().code() != Code::not_restorable) return fail(route.error());
    return route.has_value();
  }

  const engine::Engine& engine_;
  ReadablePieces pieces_;
};

Result<Json> position_of(const std::string& source, const Base& base,
                         repository::Repository& repository, const RunContext& context) {
  const auto snapshot = TRY(repository.open_snapshot(base.snapshot, context));
  const auto& all = snapshot->sources();
  const auto found = std::ranges::find(all, source, &repository::SourceManifest::name);
  if (found != all.end()) return found->position;
  return fail(Code::corrupt, "the snapshot " + base.snapshot.hex() + " lacks source " + source);
}

// Those that touch are one.
void add_range(std::vector<LogRange>& ranges, const std::string& source, std::uint64_t from,
               std::uint64_t to) {
  const bool goes_on =
      !ranges.empty() && ranges.back().source == source && ranges.back().to >= from - 1;
  if (goes_on)
    ranges.back().to = to;
  else if (to > from)
    ranges.push_back({source, from, to, {}, {}});
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
  if (!have_logs(snapshots, service))
    return fail(Error(Code::not_restorable,
                      "no snapshot of " + service + " has a log that could lead there")
                    .with_hint("Its sources keep none: restore a snapshot as it is."));
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

// Each moment from the newest snapshot before it, as choose_base() has it.
Result<std::vector<LogRange>> reachable(const std::vector<SnapshotInfo>& snapshots,
                                        const LogQuestion& question,
                                        repository::Repository& repository,
                                        const RunContext& context) {
  std::vector<LogRange> all;
  for (const auto& [name, source] : logged_sources(snapshots, question.service)) {
    const auto reach = TRY(Reach::begin(question, name, source.type, repository));
    for (std::size_t i = 0; i < source.bases.size(); ++i) {
      TRY(context.check_stop());
      const auto& base = source.bases[i];
      const auto next =
          i + 1 < source.bases.size() ? source.bases[i + 1].log - 1 : ~std::uint64_t{0};
      const auto position = TRY(position_of(name, base, repository, context));
      add_range(all, name, base.log,
                TRY(reach.from(position, base.log, std::min(next, reach.end()))));
    }
    for (auto& range : all) {
      if (range.source != name) continue;
      range.from_text = reach.engine().describe_log_position(range.from);
      range.to_text = reach.engine().describe_log_position(range.to);
    }
  }
  return all;
}

}  // namespace lifeboat::restore
