#pragma once
// The replay of a log: entries in, idempotent writes out, transactions held back until they are
// committed, nothing after the limit. Pure but for what holds transactions. One thread at a time.
#include <functional>
#include <map>
#include <memory>

#include "engine/mongodb/writes.h"

namespace lifeboat::engine::mongodb {

// Holds the entries of a transaction until it is known how it ends.
class TransactionStore {
 public:
  virtual ~TransactionStore() = default;
  virtual Result<void> add(ByteView entry) = 0;
  virtual Result<void> each(const std::function<Result<void>(DocumentView entry)>& visit) = 0;
};

using MakeTransactionStore = std::function<Result<std::unique_ptr<TransactionStore>>()>;

// In memory, and in one file for all of them whatever would take them beyond `most` bytes there;
// `used` of them are taken.
MakeTransactionStore hold_in_memory(std::size_t most, std::shared_ptr<std::size_t> used = {});

struct ReplayOptions {
  Timestamp until;  // the last that is applied
  Timestamp known;  // what is not later was there before: of it, only what goes on later counts
  Dialect dialect = Dialect::mongodb;
  // What is left out, besides the databases local and config; of a dropped database as "$cmd".
  std::function<bool(const Namespace&)> leaves_out;
  MakeTransactionStore make_store;  // when there is none, one that takes little memory
};

struct OpenTransaction {
  SessionNumber session;
  Timestamp since;  // of its first entry in this log
  bool prepared = false;
  bool concerns_us = false;  // something of it is not left out

  bool operator==(const OpenTransaction&) const = default;
};

class Replay {
 public:
  using Visit = std::function<Result<void>(const Write& write)>;
  enum class Progress : std::uint8_t { applied, known, beyond };

  explicit Replay(ReplayOptions options);

  // An entry that is the one before again changes nothing: slices overlap by one; neither does one
  // that is `known`. `beyond` when the entry is later than the limit: nothing of it was done, and a
  // log in order has nothing more.
  // `not_restorable` when a transaction began before this log does.
  Result<Progress> apply(DocumentView entry, const Visit& visit);

  // The last entry within the limit, for the report; nothing before the first.
  const std::optional<OpTime>& last() const { return last_; }
  // Transactions that are neither committed nor aborted: nothing of them was written.
  std::vector<OpenTransaction> open() const;

 private:
  struct Pending {
    OpenTransaction about;
    Timestamp latest;
    std::unique_ptr<TransactionStore> store;
  };

  Result<void> pass(const OplogEntry& entry, const Visit& visit);
  Result<void> pass_apply_ops(const OplogEntry& entry, const Visit& visit);
  Result<void> pass_operations(const OplogEntry& entry, const Visit& visit, int depth);
  Result<void> pass_single(const OplogEntry& entry, const Visit& visit);
  bool has_ours(const OplogEntry& entry) const;
  Result<void> hold(const OplogEntry& entry);
  // Null for a part of which the beginning need not be known.
  Result<Pending*> pending_for(const OplogEntry& entry);
  Result<void> check_begun(const OplogEntry& entry) const;
  bool is_known(const OplogEntry& entry) const { return entry.at.ts <= options_.known; }
  Result<void> release(const OplogEntry& entry, const Visit& visit);
  bool is_left_out(const OplogEntry& entry) const;
  bool leaves_out(const Namespace& where) const;

  ReplayOptions options_;
  std::map<SessionNumber, Pending> pending_;
  std::optional<OpTime> last_;
  Bytes last_entry_;
};

}  // namespace lifeboat::engine::mongodb
