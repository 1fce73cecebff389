#include "engine/mongodb/change_log.h"

#include <fmt/format.h>

#include <charconv>

#include "base/json_value.h"
#include "engine/mongodb/log_window.h"
#include "engine/mongodb/member.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint32_t kWholeSecond = ~0U;

// One that ends earlier after an election has undone what is known.
bool lags(const OpTime& newest, const OpTime& known) {
  return newest.ts < known.ts && newest.term <= known.term;
}

class OplogChanges final : public ChangeLog {
 public:
  OplogChanges(Location location, std::size_t piece_bytes)
      : location_(std::move(location)), piece_bytes_(piece_bytes) {}

  Result<LogPiece> read(const Json& about, const RunContext& context) override {
    TRY(context.check_stop());
    const auto previous = TRY(decode_slice(about));
    const auto connection = location_.server->connect();
    const auto server = TRY(ask_server(connection));
    const auto ends = TRY_CONTEXT(location_.describe(), ends_of(connection, server));
    const auto origin = TRY(ask_origin(connection, server));
    const auto broken = TRY(why_broken(connection, origin, {ends, previous}));
    if (!broken.empty()) return begin_anew(ends, origin, broken);
    auto piece = follow(ends, origin, previous);
    if (piece || piece.error().code() != Code::corrupt) return piece;
    return begin_anew(ends, origin, piece.error().message());
  }

 private:
  static Result<LogEnds> ends_of(const Connection& connection, const ServerFacts& server) {
    if (server.is_sharded)
      return fail(Error(Code::not_restorable, std::string(kNoLogOfAll))
                      .with_hint("A snapshot of it is restored as it is: no log brings it on."));
    const auto ends = TRY(ask_log(connection, server));
    if (ends) return *ends;
    return fail(Error(Code::not_restorable, server.product() + " keeps no log")
                    .with_hint("A server keeps one when it is a member of a replica set."));
  }

  struct Before {
    const LogEnds& ends;
    const SliceManifest& previous;
  };

  static Result<std::string> why_broken(const Connection& connection, const LogOrigin& origin,
                                        const Before& before) {
    const auto& [ends, previous] = before;
    if (!may_be_of(previous, origin)) return std::string(fit_text(Fit::other_server));
    if (lags(ends.newest.at, previous.last.at))
      return fail(
          Error(Code::unavailable,
                fmt::format("the log of this member ends at {}, and is known until {}",
                            moment_text(ends.newest.at.ts), moment_text(previous.last.at.ts)))
              .as_retryable()
              .with_hint("It lags behind another member, which is waited for. Where it was "
                         "set back to an older state, make a full backup."));
    const auto fit = TRY(fit_of_live(connection, previous.last, ends.oldest.at.ts));
    if (fit == Fit::follows) return std::string();
    return fmt::format("{}: the log that is here ends at {}", fit_text(fit),
                       moment_text(previous.last.at.ts));
  }

  Result<LogPiece> follow(const LogEnds& ends, const LogOrigin& origin,
                          const SliceManifest& previous) const {
    LogRange range{previous.last.at.ts, previous.last, ends.newest,
                   location_.database,  piece_bytes_,  previous.open};
    return copy(std::move(range), origin, {ends, previous.content});
  }

  // From where the log is now: what was before it has no snapshot that it could be brought on from.
  Result<LogPiece> begin_anew(const LogEnds& ends, const LogOrigin& origin,
                              const std::string& broken) const {
    LogRange range{ends.begin, std::nullopt, ends.newest, location_.database, piece_bytes_, {}};
    auto piece = TRY(copy(std::move(range), origin, {ends, std::nullopt}));
    piece.broken = broken;
    return piece;
  }

  struct Around {
    LogEnds ends;
    std::optional<crypto::Digest> previous;
  };

  Result<LogPiece> copy(LogRange range, const LogOrigin& origin, const Around& around) const {
    LogPiece piece;
    auto entries = TRY(LogCopy::begin(*location_.server, std::move(range)));
    for (auto entry = TRY(entries.next()); !entry.empty(); entry = TRY(entries.next()))
      append(piece.content, entry);
    auto manifest = TRY(entries.finish(origin, around.previous));
    if (entries.reached_end())
      manifest.known_until = std::max(manifest.known_until, around.ends.known_until);
    piece.from = position_of(manifest.first.at.ts);
    piece.to = position_of(manifest.known_until);
    piece.about = encode_slice(manifest);
    piece.about["quiet"] = entries.is_quiet();
    piece.more_follows = !entries.reached_end();
    return piece;
  }

  Location location_;
  std::size_t piece_bytes_;
};

Result<std::uint32_t> parse_half(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) return value;
  return fail(Code::usage, fmt::format("\"{}\" is no part of a position", text));
}

}  // namespace

Result<std::unique_ptr<ChangeLog>> make_change_log(const SourceOptions& options,
                                                   std::size_t piece_bytes) {
  return std::make_unique<OplogChanges>(TRY(locate_to_read(options)).location, piece_bytes);
}

Result<LogRoute> route_log(const Json& position, const std::vector<Json>& pieces,
                           std::uint64_t until) {
  const auto* log = position.is_object() && position.contains("log") ? &position["log"] : nullptr;
  if (log == nullptr)
    return fail(Error(Code::not_restorable,
                      "the snapshot has no place in a log, so none can bring it on to another "
                      "moment: its findings say why")
                    .with_hint("Choose another snapshot, restore this one as it is, or restore the "
                               "other sources alone (--only)."));
  const auto window = TRY(decode_slice(*log));
  std::vector<SliceManifest> slices;
  for (const auto& each : pieces) slices.push_back(TRY(decode_slice(each)));
  const auto moment = timestamp_of(until);
  LogRoute route{{}, until};
  const bool in_snapshot = moment >= window.last.at.ts && moment <= window.known_until;
  if (!in_snapshot)
    route.pieces = TRY(slices_between(slices, window.last.at.ts, moment, window.last));
  return route;
}

std::uint64_t log_position_at(Time moment) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
  if (seconds <= 0) return 0;
  return position_of({static_cast<std::uint32_t>(seconds), kWholeSecond});
}

Result<std::uint64_t> parse_log_position(const std::string& text) {
  const auto dot = text.find('.');
  if (dot == text.npos)
    return fail(Error(Code::usage, "\"" + text + "\" is no position of a log")
                    .with_hint("It looks like 1763718300.1: seconds and a counter."));
  const std::string_view view(text);
  return position_of({TRY(parse_half(view.substr(0, dot))), TRY(parse_half(view.substr(dot + 1)))});
}

}  // namespace lifeboat::engine::mongodb
