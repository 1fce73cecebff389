#pragma once
// A slice of a server's log as a snapshot keeps it: BSON entries one after the other, and the
// manifest by which a chain of slices is known to have no gap. One thread at a time.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "engine/mongodb/oplog_entry.h"

namespace lifeboat::engine::mongodb {

// An entry by which two slices are fitted together: the same place and the same content.
struct LogPoint {
  OpTime at;
  crypto::Digest hash;
  std::int64_t wall_ms = 0;  // 0 when the server tells none

  bool operator==(const LogPoint& other) const { return at == other.at && hash == other.hash; }
};

// A place in the log as one number that increases, for whoever does not know what it is.
constexpr std::uint64_t position_of(Timestamp ts) {
  return (std::uint64_t{ts.seconds} << 32U) | ts.increment;
}
constexpr Timestamp timestamp_of(std::uint64_t position) {
  return {static_cast<std::uint32_t>(position >> 32U), static_cast<std::uint32_t>(position)};
}
Time time_of(Timestamp ts);
// "2026-11-20T14:32:07Z (1763718300.1)"
std::string moment_text(Timestamp ts);

// A transaction that has begun: a later slice may finish it.
struct BegunTransaction {
  std::string session;  // SHA-256 of the session's id, in hex
  std::int64_t number = 0;
  Timestamp since;

  bool operator==(const BegunTransaction&) const = default;
};

struct SliceManifest {
  std::string replica_set;     // its name; empty for a server that has none
  std::string replica_set_id;  // hex; empty where it was not told
  std::string server_version;
  LogPoint first;
  LogPoint last;
  // Until then the log is known to have had no more entries than these; no earlier than the last.
  Timestamp known_until;
  std::uint64_t entries = 0;
  std::map<std::string, std::uint64_t> operations;  // by op: "i", "u" …
  crypto::Digest content;                           // SHA-256 of all entries as they lie
  std::optional<crypto::Digest> previous;           // `content` of the slice before; none begins
  std::vector<BegunTransaction> open;               // at the end

  bool operator==(const SliceManifest&) const = default;
};

Json encode_slice(const SliceManifest& manifest);
// `corrupt` for what encode_slice() would not have made; unknown members are passed over.
Result<SliceManifest> decode_slice(const Json& json);

// Which server a log is of.
struct LogOrigin {
  std::string replica_set;
  std::string replica_set_id;
  std::string server_version;
};

// Makes the manifest while the entries go by: when a slice is written, and again to check it.
class SliceTally {
 public:
  // `open` are the transactions that the slice before left open.
  explicit SliceTally(std::vector<BegunTransaction> open = {});

  // `corrupt` when an entry is earlier than the one before it.
  Result<void> add(DocumentView entry);
  // `not_found` when there was no entry. Nothing may be added after.
  Result<SliceManifest> finish(const LogOrigin& origin,
                               const std::optional<crypto::Digest>& previous);
  bool empty() const { return !first_; }

 private:
  void follow_transaction(const OplogEntry& entry);

  std::optional<LogPoint> first_;
  OpTime latest_;
  Bytes last_entry_;
  std::uint64_t entries_ = 0;
  std::map<std::string, std::uint64_t> operations_;
  crypto::Sha256 content_;
  std::vector<BegunTransaction> open_;
};

}  // namespace lifeboat::engine::mongodb
