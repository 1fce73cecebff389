#pragma once
// Brings a restored database on to a later moment by the log: the window that its snapshot holds,
// then pieces of the log. Says what must be true of it then. One thread at a time.
#include <set>

#include "engine/mongodb/document_file.h"
#include "engine/mongodb/document_writes.h"
#include "engine/mongodb/log_window.h"
#include "engine/mongodb/replay.h"
#include "engine/mongodb/replayed_catalog.h"
#include "engine/mongodb/validators_aside.h"
#include "engine/renames.h"

namespace lifeboat::engine::mongodb {

// The window of a snapshot in a file of its own, until all that it is replayed onto is there.
class KeptWindow {
 public:
  static Result<std::unique_ptr<KeptWindow>> make();
  Result<void> append(ByteView bytes);
  // All has come: finds its last document. `corrupt` when it is not whole.
  Result<void> close();
  // After close().
  const WindowEnd& end() const { return end_; }
  Result<void> each_entry(const std::function<Result<void>(DocumentView)>& visit);

 private:
  explicit KeptWindow(DocumentFile documents) : documents_(std::move(documents)) {}

  DocumentFile documents_;
  WindowEnd end_;
};

struct ReplayRequest {
  const Location& location;
  ValidatorsAside& validators;
  Catalog restored;      // with its views, which are not made yet; under their new names
  Timestamp until;       // nothing: as far as the window goes
  bool is_part = false;  // only what was restored is brought on
  std::optional<std::set<Feature>> offered{};  // where what it lacks was accepted as lost
  Renames renames{};                           // what the log calls otherwise
};

class LogReplay {
 public:
  // `window` is closed and complete.
  LogReplay(ReplayRequest request, const WindowEnd& window);

  Result<void> replay_window(KeptWindow& window, const RunContext& context);
  // Entries that the window has are passed over. `not_restorable` when the piece is of another
  // history.
  Result<void> replay_piece(ByteView entries, const RunContext& context);
  // `not_restorable` when a document was changed that is not there, and nothing in the log says
  // why: it has a hole.
  Result<void> finish();

  const Catalog& catalog() const { return catalog_.catalog(); }
  // What the log made of it and the server lacks, where that was accepted as lost.
  std::vector<Finding> lost() const { return catalog_.lost(); }
  // What the snapshot recorded, as it must be now.
  Result<Json> expected(const Json& recorded) const;
  // What a collMod of the log made of them only the server knows.
  bool has_known_options(const std::string& name) const { return catalog_.has_known_options(name); }
  const std::optional<OpTime>& last() const { return replay_.last(); }
  std::uint64_t applied() const { return applied_; }
  bool is_part() const { return is_part_; }
  // Transactions that had begun and were not over, and would have changed the database.
  std::size_t left_open() const;

 private:
  Result<void> take(const OplogEntry& entry);
  Result<void> take_after_window(DocumentView entry);
  Result<void> write(const Write& write);
  Result<void> write_renamed(const Write& write);
  Result<void> apply(const Replace& write);
  Result<void> apply(const Update& write) { return documents_.add(write); }
  Result<void> apply(const ApplyDiff& write) { return documents_.add(write); }
  Result<void> apply(const Delete& write) { return documents_.add(write); }
  Result<void> apply(const Create& write);
  Result<void> apply(const Drop& write);
  Result<void> apply(const DropDatabase& write);
  Result<void> apply(const Rename& write);
  Result<void> apply(const ModifyCollection& write);
  Result<void> apply(const AddIndexes& write);
  Result<void> apply(const RemoveIndex& write);
  Result<void> apply(const ModifyIndex& write);
  Result<void> apply(const RunCapped& write);
  Result<void> drop(const std::string& name);
  Result<Bytes> keep_expiry(const ModifyCollection& write);
  Result<bool> has_home(const Namespace& where);
  Result<void> check_nothing_missed() const;
  bool may_lose_documents(const std::string& stored) const;
  Result<void> run(ByteView command);
  bool leaves_out(const Namespace& where) const;
  Result<Json> expected_of(const Collection& collection, const Json& recorded) const;

  const Location& location_;
  ValidatorsAside& validators_;
  WindowEnd window_;
  bool is_part_;
  std::optional<std::set<Feature>> offered_;
  Renames renames_;
  std::set<std::string> asked_;     // of a part: the collections that it has, by their new names
  std::set<std::string> homeless_;  // time series that are not there, and buckets of them came
  std::set<std::string> capped_;    // which the log made so: the server lets documents go by itself
  ReplayedCatalog catalog_;
  DocumentWrites documents_;
  Replay replay_;
  // Of its last entry, where pieces have it too: they leave out what is of other databases.
  std::optional<crypto::Digest> window_hash_;
  bool met_window_ = false;  // in a piece
  std::uint64_t applied_ = 0;
};

}  // namespace lifeboat::engine::mongodb
