#pragma once
// Statements: signed words about snapshots and packs, one object each, from which everything that
// is not in a snapshot can be told again (docs/format.md, section 9). Thread-safe.
#include <set>

#include "base/entry.h"
#include "base/run_context.h"
#include "repository/store.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxStatement = 64U << 20U;

// The object for a statement by this role; `usage` for a kind that does not exist or a body without
// what its kind must have, `wrong_key` when this role may not say it.
Result<Bytes> make_statement(const RoleKeys& keys, const Json& body, Random& random);
// `name` is "statements/<kind>/"; the object's own hash is checked by whoever fetched it.
Result<Statement> read_statement(const RoleKeys& keys, std::string_view name, ByteView object);

struct StatementList {
  std::vector<Statement> statements;  // by time, then id
  std::vector<Finding> findings;      // those that are damaged, forged or lost
  std::optional<Error> not_kept;      // why this machine could not keep a copy
};
// A statement that this machine met and that is gone: its copy is among the statements.
constexpr std::string_view kStatementMissing = "statement-missing";
// All of one kind, or of all kinds that this version knows for "".
Result<StatementList> load_statements(const Store& store, const std::string& kind);

// Adds "kind" and, where there is none, "time"; returns the statement's id.
Result<std::string> store_statement(const Store& store, const std::string& kind, Json body,
                                    const RunContext& context);

// What a statement of the kind "forgotten" says.
Json forgotten_body(const SessionRef& ref, const SnapshotId& id, const std::string& reason);

// What all statements together say of snapshots.
struct SnapshotWords {
  bool held = false;
  std::optional<Time> proven_at;
  std::string proven_verdict;
  std::optional<Time> first;
  std::vector<std::string> notes;
};
struct Sayings {
  std::map<SnapshotId, SnapshotWords> words;
  std::set<SnapshotId> forgotten;
  std::map<SessionRef, SnapshotId> forgotten_numbers;  // the same, by where they were
};
Result<Sayings> gather_sayings(const std::vector<Statement>& statements);

// Index objects that a reader or admin has read to the last byte and found whole: what writers may
// dedup against beside their own.
std::set<IndexName> verified_indexes(const std::vector<Statement>& statements);
// Packs that a check found damaged, and none that began after that has found whole to the last
// chunk: nobody dedups against them, so that the next backup stores what they held again.
// `statements` are in the order of their times.
std::set<PackName> damaged_packs(const std::vector<Statement>& statements);

}  // namespace lifeboat::repository
