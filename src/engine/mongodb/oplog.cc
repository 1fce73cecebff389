#include "engine/mongodb/oplog.h"

#include <fmt/format.h>

#include "engine/mongodb/bson_layout.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr auto kLocal = "local";
constexpr auto kLog = "oplog.rs";
constexpr auto kReplicaSet = "system.replset";
constexpr auto kConfig = "config";
constexpr auto kBegun = "transactions";
constexpr std::uint32_t kRows = 100;  // of that, which are small
// How long an entry may be under way after its time was taken, where nothing says more.
constexpr std::uint32_t kUnderWaySeconds = 2;

// What a majority has not got can be undone.
Bytes majority() { return DocumentBuilder().text("level", "majority").take(); }

enum class LogSide : std::uint8_t { oldest, newest };

// The first document of a capped collection is the oldest without being asked for: some servers
// refuse the question where there is no such collection.
Result<std::optional<LogPoint>> point_at(const Connection& connection, LogSide side,
                                         ByteView filter = {}) {
  DocumentBuilder command;
  command.text("find", kLog);
  if (!filter.empty()) command.document("filter", filter);
  if (side == LogSide::newest)
    command.document("sort", DocumentBuilder().int32("$natural", -1).take());
  command.int32("limit", 1).document("readConcern", majority());
  auto cursor = TRY(connection.open_cursor(kLocal, command.take(), 1));
  const auto document = TRY(cursor.next());
  if (document.empty()) return std::nullopt;
  const auto entry = TRY(parse_entry(TRY(DocumentView::check(document))));
  return LogPoint{entry.at, entry_hash(entry), entry.wall_ms};
}

Bytes from_on(Timestamp begin) {
  const auto from = DocumentBuilder().timestamp("$gte", begin).take();
  return DocumentBuilder()
      .text("find", kLog)
      .document("filter", DocumentBuilder().document("ts", from).take())
      .document("readConcern", majority())
      .int32("batchSize", static_cast<std::int32_t>(BatchPace::kFirst))
      .take();
}

// Transactions that have begun wrote entries of which a commit later is the end.
Result<std::optional<Timestamp>> oldest_transaction(const Connection& connection) {
  ArrayBuilder states;
  states.text("prepared").text("inProgress");
  const auto wanted = DocumentBuilder().array("$in", states.take()).take();
  const auto command = DocumentBuilder()
                           .text("find", kBegun)
                           .document("filter", DocumentBuilder().document("state", wanted).take())
                           .document("readConcern", majority())
                           .take();
  auto cursor = TRY(connection.open_cursor(kConfig, command, kRows));
  std::optional<Timestamp> oldest;
  for (auto row = TRY(cursor.next()); !row.empty(); row = TRY(cursor.next())) {
    const auto began = TRY(DocumentView::check(row)).document_at("startOpTime");
    const auto ts = began ? began->find("ts") : std::nullopt;
    if (ts && ts->timestamp() && (!oldest || *ts->timestamp() < *oldest)) oldest = ts->timestamp();
  }
  return oldest;
}

// A replica set writes into its log even when nobody else does; FerretDB does not, and takes the
// time of an entry from the clock that `hello` tells.
Result<Timestamp> known_until(const Connection& connection, const ServerFacts& server,
                              Timestamp newest) {
  if (server.ferretdb.empty()) return newest;
  const auto reply = TRY(connection.command("admin", DocumentBuilder().int32("hello", 1).take()));
  const auto clock = clock_in(TRY(DocumentView::check(reply)));
  if (!clock) return newest;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*clock).time_since_epoch().count();
  if (seconds <= kUnderWaySeconds || seconds > ~std::uint32_t{0}) return newest;
  return std::max(newest, {static_cast<std::uint32_t>(seconds) - kUnderWaySeconds, 0});
}

// What a server keeps of its set is what replSetGetConfig tells.
Result<std::string> replica_set_id(const Connection& connection) {
  auto cursor = TRY(connection.open_cursor(
      kLocal, DocumentBuilder().text("find", kReplicaSet).int32("limit", 1).take(), 1));
  const auto document = TRY(cursor.next());
  if (document.empty()) return std::string();
  const auto settings = TRY(DocumentView::check(document)).document_at("settings");
  const auto id = settings ? settings->find("replicaSetId") : std::nullopt;
  return id && id->holds(BsonType::object_id) ? to_hex(id->value) : std::string();
}

}  // namespace

Result<LogOrigin> ask_origin(const Connection& connection, const ServerFacts& server) {
  LogOrigin origin{server.replica_set, "", server.version};
  if (server.replica_set.empty() || !server.ferretdb.empty()) return origin;
  auto id = replica_set_id(connection);
  if (!id && id.error().code() != Code::permission_denied) return fail(std::move(id).error());
  if (id) origin.replica_set_id = std::move(*id);
  return origin;
}

// The time until which it is known is asked for before the newest entry.
Result<std::optional<LogEnd>> ask_log_end(const Connection& connection, const ServerFacts& server) {
  const auto known = TRY(known_until(connection, server, {}));
  const auto newest = TRY(point_at(connection, LogSide::newest));
  if (!newest) return std::nullopt;
  return LogEnd{*newest, std::max(known, newest->at.ts)};
}

// Transactions begin and end meanwhile. The newest entry is asked for before and after them: one
// that is open at the later answer and was not found had not begun at the earlier one. FerretDB has
// none, and reads its whole log for either end: there each is asked for once.
Result<std::optional<LogEnds>> ask_log(const Connection& connection, const ServerFacts& server) {
  const auto oldest = TRY(point_at(connection, LogSide::oldest));
  if (!oldest) return std::nullopt;
  const auto before = server.ferretdb.empty() ? TRY(point_at(connection, LogSide::newest))
                                              : std::optional<LogPoint>();
  const auto begun = TRY(oldest_transaction(connection));
  const auto end = TRY(ask_log_end(connection, server));
  if (!end) return std::nullopt;
  LogEnds ends{*oldest, end->newest, end->newest.at.ts, end->known_until};
  if (before) ends.begin = std::min(before->at.ts, ends.begin);
  if (begun) ends.begin = std::min(*begun, ends.begin);
  return ends;
}

Result<std::optional<LogPoint>> ask_log_at(const Connection& connection, Timestamp moment) {
  const auto until = DocumentBuilder().timestamp("$lte", moment).take();
  return point_at(connection, LogSide::newest, DocumentBuilder().document("ts", until).take());
}

Result<Fit> fit_of_live(const Connection& connection, const LogPoint& ours, Timestamp oldest) {
  auto cursor = TRY(connection.open_cursor(kLocal, from_on(ours.at.ts), BatchPace::kFirst));
  const auto document = TRY(cursor.next());
  std::optional<LogPoint> found;
  if (!document.empty()) {
    const auto entry = TRY(parse_entry(TRY(DocumentView::check(document))));
    found = LogPoint{entry.at, entry_hash(entry), entry.wall_ms};
  }
  return fit_of_log(ours, oldest, found);
}

Result<LogCopy> LogCopy::begin(const Server& server, LogRange range) {
  auto connection = server.connect();
  auto cursor = TRY(connection.open_cursor(kLocal, from_on(range.begin), BatchPace::kFirst));
  return LogCopy(std::move(connection), std::move(cursor), std::move(range));
}

Result<ByteView> LogCopy::next() {
  while (!ended_) {
    const auto document = TRY(cursor_.next());
    if (document.empty()) break;
    const auto entry = TRY(parse_entry(TRY(DocumentView::check(document))));
    if (const auto size = pace_.after(document.size())) cursor_.set_batch_size(*size);
    if (!std::exchange(met_first_, true)) TRY(check_first(entry));
    if (entry.at.ts > range_.end.at.ts) break;
    reached_ = entry_hash(entry) == range_.end.hash;
    ended_ = reached_;
    read_ += document.size();
    const bool is_first = tally_.empty();
    if (!reached_ && !is_first && !may_concern_us(entry)) continue;
    has_changes_ = has_changes_ || (!is_first && may_concern_us(entry));
    has_rename_ = has_rename_ || is_own_rename(entry);
    TRY(tally_.add(entry.whole));
    size_ += document.size();
    ended_ = ended_ || size_ >= range_.most;
    return document;
  }
  if (ended_) return ByteView{};
  ended_ = true;
  return fail(Code::not_restorable,
              fmt::format("the log does not hold the entry at {} any more, where it ended before",
                          range_.end.at.ts.text()));
}

Result<void> LogCopy::check_first(const OplogEntry& entry) const {
  if (entry.at.ts != range_.begin)
    return fail(Code::not_restorable,
                fmt::format("the log begins at {}, and {} is needed: it holds too little",
                            entry.at.ts.text(), range_.begin.text()));
  if (!range_.first || entry_hash(entry) == range_.first->hash) return {};
  return fail(Code::not_restorable,
              fmt::format("the history of the server was changed at {}", range_.begin.text()));
}

// Commands may concern several databases, and transactions are commands: all of them are kept.
bool LogCopy::may_concern_us(const OplogEntry& entry) const {
  if (entry.operation == Operation::command) return true;
  const auto dot = entry.ns.find('.');
  return dot != entry.ns.npos && entry.ns.substr(0, dot) == range_.database;
}

bool LogCopy::is_own_rename(const OplogEntry& entry) const {
  const bool is_rename =
      entry.operation == Operation::command && entry.command() == "renameCollection";
  if (!is_rename || entry.at.ts <= range_.known) return false;
  const auto is_ours = [&](std::string_view key) {
    const auto name = entry.object.text_at(key);
    return name && name->starts_with(range_.database + ".");
  };
  return is_ours("renameCollection") || is_ours("to");
}

Result<SliceManifest> LogCopy::finish(const LogOrigin& origin,
                                      const std::optional<crypto::Digest>& previous) {
  return tally_.finish(origin, previous);
}

}  // namespace lifeboat::engine::mongodb
