#pragma once
// One entry of a server's log (local.oplog.rs), read from raw BSON. A view: it lives as long as the
// bytes. Pure functions.
#include <optional>
#include <string>

#include "crypto/hash.h"
#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb {

struct Namespace {
  std::string database;
  std::string collection;

  auto operator<=>(const Namespace&) const = default;
  std::string text() const { return database + "." + collection; }
};

// "shop.orders" at the first dot; `corrupt` without a database or a collection.
Result<Namespace> namespace_from(std::string_view text);

// A place in the log. Servers without elections have no term: then it is -1.
struct OpTime {
  Timestamp ts;
  std::int64_t term = -1;

  auto operator<=>(const OpTime&) const = default;
};

enum class Operation : std::uint8_t {
  insert,
  update,
  remove,
  command,
  noop,
  bookkeeping,  // km, ci, cu, cd: record ids of new servers, no data
};

// What makes an entry one of a session: a transaction, or a write that can be retried.
struct SessionNumber {
  Bytes session;  // lsid
  std::int64_t number = 0;

  auto operator<=>(const SessionNumber& other) const {
    const auto order = number <=> other.number;
    return order != 0 ? order : session <=> other.session;
  }
  bool operator==(const SessionNumber&) const = default;
};

struct OplogEntry {
  OpTime at;
  Operation operation = Operation::noop;
  std::string_view ns;
  DocumentView object;                   // o
  std::optional<DocumentView> object_2;  // o2
  std::int64_t wall_ms = 0;              // 0 when there is none
  std::optional<SessionNumber> session;
  std::optional<Timestamp> previous_in_transaction;  // prevOpTime; {0,0} in the first
  bool retryable_inserts = false;                    // multiOpType 1: no transaction
  bool insert_only_if_absent = false;                // checkExistenceForDiffInsert
  DocumentView whole;

  std::string_view command() const;  // the name of the first field of o
};

// `corrupt` for what lacks op, ns, o or, in the log itself, ts; `unsupported_format` names an
// operation that is not known: to leave one out would be to lose data in silence.
Result<OplogEntry> parse_entry(DocumentView entry);
// One of the operations in an applyOps: it has no ts of its own and takes that of the whole.
Result<OplogEntry> parse_nested(DocumentView operation, const OplogEntry& whole);

// The hash by which two entries at the same place are known to be the same.
crypto::Digest entry_hash(const OplogEntry& entry);

}  // namespace lifeboat::engine::mongodb
