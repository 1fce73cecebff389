#pragma once
// The log of a live server (local.oplog.rs): where it begins and ends, and copies of a part of it
// as snapshots and slices hold them. One thread at a time; must not outlive the Server.
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/log_chain.h"

namespace lifeboat::engine::mongodb {

inline constexpr std::string_view kNoLogOfAll =
    "a sharded cluster keeps a log for each shard, and none of all";

struct LogEnds {
  LogPoint oldest;
  LogPoint newest;
  // Where a copy must begin that is to know all of every transaction that is not over.
  Timestamp begin;
  Timestamp known_until;  // nothing earlier can be added to it any more
};

// Of which server the log is: without the id of its replica set where this user may not ask for it,
// and where the server has none.
Result<LogOrigin> ask_origin(const Connection& connection, const ServerFacts& server);

// Nothing where the server keeps no log, or none yet.
Result<std::optional<LogEnds>> ask_log(const Connection& connection, const ServerFacts& server);

// Where it ends: of a log that is known to be there, after its beginning was asked for.
struct LogEnd {
  LogPoint newest;
  Timestamp known_until;
};
Result<std::optional<LogEnd>> ask_log_end(const Connection& connection, const ServerFacts& server);

// The last entry that is no later than `moment`; nothing where the log has none so early.
Result<std::optional<LogPoint>> ask_log_at(const Connection& connection, Timestamp moment);

// Of which part, and of which database: entries of others are left out, but for the last.
struct LogRange {
  Timestamp begin;
  std::optional<LogPoint> first;  // what must be there at `begin`, when that is known
  LogPoint end;
  std::string database;
  std::size_t most = ~std::size_t{0};  // bytes, after which it may end earlier
  std::vector<BegunTransaction> open = {};
  Timestamp known = {};  // what is not later was there before whatever it is copied for
};

// Why a live log that begins at `oldest` does not go on from where ours ends, if it does not.
Result<Fit> fit_of_live(const Connection& connection, const LogPoint& ours, Timestamp oldest);

class LogCopy {
 public:
  static Result<LogCopy> begin(const Server& server, LogRange range);
  // The next entry, until it is called again; empty at the end. `not_restorable` when the log does
  // not begin or end as it must, `corrupt` when it is not in order.
  Result<ByteView> next();
  // After the end.
  Result<SliceManifest> finish(const LogOrigin& origin,
                               const std::optional<crypto::Digest>& previous);
  bool reached_end() const { return reached_; }
  // Nothing so far may have changed the database since the first entry, which is known, and little
  // was read to know it.
  bool is_quiet() const { return !has_changes_ && read_ <= kLittle; }
  // Whether an entry so far renames a collection of the database.
  bool has_rename() const { return has_rename_; }

 private:
  LogCopy(Connection connection, Cursor cursor, LogRange range)
      : connection_(std::move(connection)),
        cursor_(std::move(cursor)),
        range_(std::move(range)),
        tally_(range_.open) {}
  Result<void> check_first(const OplogEntry& entry) const;
  bool may_concern_us(const OplogEntry& entry) const;
  bool is_own_rename(const OplogEntry& entry) const;

  Connection connection_;  // outlives the cursor
  Cursor cursor_;
  LogRange range_;
  SliceTally tally_;
  BatchPace pace_;
  std::size_t size_ = 0;
  static constexpr std::size_t kLittle = 1U << 20U;
  std::size_t read_ = 0;  // bytes, also of what is left out
  bool has_changes_ = false;
  bool has_rename_ = false;
  bool met_first_ = false;
  bool reached_ = false;
  bool ended_ = false;
};

}  // namespace lifeboat::engine::mongodb
