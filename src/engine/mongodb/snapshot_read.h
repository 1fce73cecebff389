#pragma once
// One cluster time that all reads of a copy share: then they see one state, whatever is written
// meanwhile. Thread-safe.
#include <mutex>

#include "engine/mongodb/catalog_reader.h"

namespace lifeboat::engine::mongodb {

struct SnapshotAnswer {
  std::optional<Timestamp> moment;
  std::string why_not;  // when there is none
};

// Asks a member of a replica set for a snapshot. One that takes the question and names no cluster
// time in its reply gives none, whatever it says. An error only when it does not answer at all, or
// this user may not read.
Result<SnapshotAnswer> ask_snapshot(const Connection& connection, const ServerFacts& server,
                                    const Catalog& catalog);

// A snapshot that is read by several at once, until the server lets go of it.
class SharedSnapshot {
 public:
  void begin(Timestamp moment);
  std::optional<Timestamp> moment() const;
  void lose(const std::string& why);
  // Empty while it was not lost.
  std::string why_lost() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Timestamp> moment_;
  std::string why_lost_;
};

}  // namespace lifeboat::engine::mongodb
