#include "backup/archive_log.h"

#include <algorithm>

#include "engine/all.h"

namespace lifeboat::backup {
namespace {

using repository::LogPieceInfo;

// Where the log that is there ends: a piece, or the newest snapshot that has a place in the log.
struct Beginning {
  Json about;
  std::uint64_t reached = 0;  // 0: nothing is there yet
};

// From the furthest piece on that can be read: one that is damaged is made again.
Result<std::optional<Beginning>> beginning_of_pieces(std::vector<LogPieceInfo> pieces,
                                                     repository::Repository& repository,
                                                     const RunContext& context) {
  std::ranges::sort(pieces, std::greater(),
                    [](const auto& each) { return std::pair(each.to, each.from); });
  for (const auto& piece : pieces) {
    auto about = repository.log_about(piece);
    if (about) return Beginning{std::move(*about), piece.to};
    if (about.error().code() != Code::corrupt) return fail(std::move(about).error());
    context.log.warning("a piece of the log is passed over: " + about.error().describe());
  }
  return std::nullopt;
}

const repository::SnapshotInfo* newest_with_log(const repository::SnapshotList& list,
                                                const LogRequest& request) {
  const repository::SnapshotInfo* newest = nullptr;
  for (const auto& each : list.snapshots) {
    if (each.service != request.service || !each.complete) continue;
    for (const auto& source : each.sources)
      if (source.name == request.source.name && source.log) newest = &each;
  }
  return newest;
}

bool holds(const repository::SnapshotInfo& snapshot, const LogRequest& request) {
  return snapshot.service == request.service && snapshot.complete &&
         std::ranges::find(snapshot.sources, request.source.name,
                           &repository::SourceSummary::name) != snapshot.sources.end();
}

// Another backup helps only where there was none.
Failure no_beginning(const LogRequest& request, const repository::SnapshotList& list) {
  const auto name = request.service + "/" + request.source.name;
  if (std::ranges::any_of(list.snapshots, [&](const auto& each) { return holds(each, request); }))
    return fail(
        Error(Code::not_found, "no snapshot of " + name + " has a place in a log")
            .with_hint("The findings of its snapshots say why, and `lifeboat doctor`: while "
                       "that is so, only the moments of its snapshots can be restored."));
  return fail(
      Error(Code::not_found, "there is no snapshot of " + name + " that a log could go on from")
          .with_hint("Run `lifeboat backup " + request.service + "` first."));
}

Result<Beginning> beginning_of_snapshot(const LogRequest& request,
                                        repository::Repository& repository,
                                        const RunContext& context) {
  const auto list = TRY(repository.snapshots(context));
  const auto* newest = newest_with_log(list, request);
  if (newest == nullptr) return no_beginning(request, list);
  const auto snapshot = TRY(repository.open_snapshot(newest->id, context));
  for (const auto& source : snapshot->sources())
    if (source.name == request.source.name && source.position.is_object() &&
        source.position.contains("log"))
      return Beginning{source.position["log"], 0};
  return no_beginning(request, list);
}

Result<Beginning> find_beginning(const LogRequest& request, repository::Repository& repository,
                                 const RunContext& context) {
  auto pieces = TRY(repository.log_pieces(request.service, request.source.name));
  auto last = TRY(beginning_of_pieces(std::move(pieces), repository, context));
  if (last) return std::move(*last);
  if (!request.base.is_null()) return Beginning{request.base, 0};
  return beginning_of_snapshot(request, repository, context);
}

bool is_quiet(const engine::LogPiece& piece) {
  const auto quiet = piece.about.find("quiet");
  return quiet != piece.about.end() && *quiet == true;
}

// Positions begin with seconds.
bool is_worth_keeping(const engine::LogPiece& piece, std::uint64_t reached, Duration quiet) {
  if (reached == 0 || !piece.broken.empty()) return true;
  if (piece.to <= reached) return false;
  if (!is_quiet(piece)) return true;
  const auto more = std::chrono::seconds((piece.to >> 32U) - (reached >> 32U));
  return more >= quiet;
}

repository::NewLogPiece new_piece(const LogRequest& request, engine::LogPiece piece) {
  return {request.service, request.source.name,    request.source.type,     piece.from,
          piece.to,        std::move(piece.about), std::move(piece.content)};
}

struct Archive {
  repository::Repository& repository;
  const RunContext& context;
};

// One that is there by the same name is as good, unless it is damaged: nothing may be written over.
Result<void> keep(const repository::NewLogPiece& piece, LogReport& report, const Archive& archive) {
  const auto added = archive.repository.add_log_piece(piece, archive.context);
  if (added || added.error().code() != Code::exists)
    return added ? Result<void>{} : fail(added.error());
  for (const auto& each : TRY(archive.repository.log_pieces(piece.service, piece.source))) {
    if (each.from != piece.from || each.to != piece.to) continue;
    const auto about = archive.repository.log_about(each);
    if (!about)
      report.broken = "a piece that is damaged stands in its place: " + about.error().describe();
  }
  return {};
}

}  // namespace

Result<LogReport> archive_log(const LogRequest& request, repository::Repository& repository,
                              const RunContext& context) {
  const auto& engine = *TRY(engine::find_engine(request.source.type));
  auto begin = TRY(find_beginning(request, repository, context));
  const auto log = TRY(engine.open_change_log(request.source));
  LogReport report;
  report.source = request.source.name;
  report.reaches = begin.reached;
  for (bool more = true; more;) {
    auto piece = TRY(log->read(begin.about, context));
    if (!piece.broken.empty()) {
      report.broken = piece.broken;
      // The snapshot that was just made is where the new one begins.
      if (!request.base.is_null()) piece = TRY(log->read(request.base, context));
    }
    more = piece.more_follows;
    begin.about = piece.about;
    if (!is_worth_keeping(piece, report.reaches, request.quiet)) break;
    report.reaches = piece.to;
    report.bytes += piece.content.size();
    ++report.pieces;
    TRY(keep(new_piece(request, std::move(piece)), report, {repository, context}));
  }
  report.moment = engine.describe_log_position(report.reaches);
  return report;
}

}  // namespace lifeboat::backup
