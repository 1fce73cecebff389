#pragma once
// Snapshots on a Backend: the one door to a repository in format 1 (docs/format.md). A Repository
// is thread-safe after open; writers and readers made by it must not outlive it.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/entry.h"
#include "base/id.h"
#include "base/json_value.h"
#include "base/run_context.h"
#include "base/secret.h"
#include "repository/options.h"

namespace lifeboat::storage {
class Backend;
}

namespace lifeboat::repository {

using ChunkId = Id<struct ChunkTag, 32>;
using SnapshotId = Id<struct SnapshotTag, 32>;
using RepositoryId = Id<struct RepositoryTag, 16>;
using WriterId = Id<struct WriterTag, 8>;
using LogId = Id<struct LogTag, 8>;

enum class Role : std::uint8_t { admin = 1, writer = 2, reader = 3, collector = 4 };

// What opens a key slot.
struct Passphrase {
  Secret text;
};
struct KeyFile {
  Secret bytes;  // the 32 bytes; parse_key_file() reads the hex form
};
struct RecipientKey {
  Secret seed;  // the 32-byte seed of an X25519 pair (escrow)
};
using Credential = std::variant<Passphrase, KeyFile, RecipientKey>;

Result<Secret> parse_key_file(ByteView text);
Result<std::string> make_key_file(Random& random);

struct KeySlotInfo {
  std::string id;    // hex of the object's hash
  std::string kind;  // "passphrase" "key-file" "recipient"
  Role role = Role::admin;
  std::string name;
};

struct NewKey {
  Role role = Role::writer;
  std::string name;
  // For a recipient slot the *public* key is enough; then `credential` is empty.
  std::optional<Credential> credential;
  std::optional<Bytes> recipient_public;
};

// A chunk of an entry's content: what a chunk list holds.
struct ChunkRef {
  ChunkId id;
  std::uint32_t length = 0;
  bool operator==(const ChunkRef&) const = default;
};
using ChunkList = std::vector<ChunkRef>;

struct EntryRecord {
  EntryInfo info;
  ChunkList chunks;
};

struct SourceSummary {
  std::string name;
  std::string type;
  std::optional<std::uint64_t> log = {};  // where its log goes on from this; none: it has none
};

// What a head tells: enough to list, choose and decide retention without reading keys.
struct SnapshotInfo {
  SnapshotId id;
  WriterId writer;
  std::uint64_t seq = 0;
  std::string service;
  std::string host;
  Time time;  // the consistent point, signed
  Time started;
  Time first_stored;  // the store's own time, or an earlier one a `stored` statement carries
  bool complete = true;
  std::uint64_t bytes = 0;  // logical
  std::uint64_t entries = 0;
  std::uint64_t stored = 0;  // added to the repository by it
  std::string version;       // of the Lifeboat that made it
  std::vector<SourceSummary> sources;
  std::vector<std::string> needs;
  std::map<std::string, std::string> labels;
  // From statements:
  bool held = false;
  std::optional<Time> proven_at;
  std::string proven_verdict;
  std::vector<std::string> notes;
};

// One that was made and is not to be had: its head cannot be read, or nothing of it is left.
struct LostSnapshot {
  std::string key;  // of its head, and the subject of the finding that tells of it
  WriterId writer;
  std::uint64_t seq = 0;       // the last, where several in a row are gone
  std::string service;         // empty: nothing that is left tells it
  std::optional<Time> stored;  // by the store's own clock; none: nothing that is left tells it
};

struct SnapshotList {
  std::vector<SnapshotInfo> snapshots;  // oldest first; forgotten ones are not in it
  std::vector<LostSnapshot> lost = {};  // each has its finding
  std::vector<Finding> findings;        // holes, unreadable heads, sessions that never ended
};

struct SourceManifest {
  std::string name;
  std::string type;
  Json position;
  Json facts;
  std::vector<Finding> findings;
  std::uint64_t entry_count = 0;
  ChunkList entry_chunks;
};

// What a source tells when it has been read to its end.
struct SourceEnd {
  Json position;
  Json facts;
  std::vector<Finding> findings;
  std::optional<std::uint64_t> log = {};  // where its log goes on; an increasing number
};

struct SnapshotDraft {
  std::string service;
  std::string host;
  std::string version;
  std::map<std::string, std::string> labels;
  Json config;
  Duration patience = std::chrono::hours(24);
};

struct StreamHint {
  Profile profile = Profile::tree;
  std::uint32_t unit = 0;  // page size for db_page
  std::uint64_t size = 0;  // as far as known: chooses chunk and segment sizes
};

struct StoredStream {
  ChunkList chunks;
  std::uint64_t size = 0;  // what was really read
};

// What an unfinished or finished writer has done so far.
struct WriterStats {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_new = 0;     // content not seen before
  std::uint64_t bytes_stored = 0;  // of it, compressed and sealed
  std::uint64_t chunks_reused = 0;
  std::uint64_t packs = 0;
};

// One backup being written. add_stream and reuse are thread-safe; the entry methods are called by
// one thread at a time for each source. Without commit() nothing becomes visible; packs stay for
// the next try.
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  // Cuts, identifies, dedups and stores the content. Reads and computes in the calling thread for
  // small content, with helpers for large.
  virtual Result<StoredStream> add_stream(const StreamHint& hint, Reader& content,
                                          const RunContext& context) = 0;
  // True when every chunk is here and usable for dedup: then the list may be used again unread.
  virtual bool reuse(const ChunkList& chunks) = 0;
  // Sources are numbered in the order of begin_source calls.
  virtual Result<std::size_t> begin_source(const std::string& name, const std::string& type) = 0;
  virtual Result<void> add_entry(std::size_t source, const EntryRecord& entry,
                                 const RunContext& context) = 0;
  virtual Result<void> finish_source(std::size_t source, SourceEnd end,
                                     const RunContext& context) = 0;
  // `time` is the consistent point. `session_voided` when a collection ended this session.
  virtual Result<SnapshotInfo> commit(Time time, bool complete, const RunContext& context) = 0;
  virtual WriterStats stats() const = 0;
};

// One chunk wanted, and a number by which the caller knows its destination.
struct ChunkRequest {
  ChunkRef chunk;
  std::uint64_t tag = 0;
};

// One snapshot being read. Thread-safe.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  virtual const SnapshotInfo& info() const = 0;
  virtual const Json& config() const = 0;
  virtual const std::vector<SourceManifest>& sources() const = 0;
  // Visits every entry of the source in its stored order; memory does not grow with their number.
  using Visitor = std::function<Result<void>(EntryRecord&&)>;
  virtual Result<void> entries(const SourceManifest& source, const Visitor& visit,
                               const RunContext& context) = 0;
  // Sequential content of one entry, verified chunk by chunk.
  virtual std::unique_ptr<Reader> open_content(ChunkList chunks, const RunContext& context) = 0;
  // Fetches and verifies (MAC and chunk id) all chunks in the order of packs, decoding each segment
  // once, in parallel; `deliver` is called from several threads, exactly once a request. `requests`
  // is reordered.
  using Deliver = std::function<Result<void>(std::uint64_t tag, ByteView chunk)>;
  virtual Result<void> fetch(std::vector<ChunkRequest>& requests, const Deliver& deliver,
                             const RunContext& context) = 0;
};

// A piece of a source's log to be stored. Positions increase; they and `about` are the engine's
// own.
struct NewLogPiece {
  std::string service;
  std::string source;
  std::string type;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  Json about;
  Bytes content;
};

// One that is there, as far as its name tells.
struct LogPieceInfo {
  LogId log;
  std::string service;
  std::string source;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t stored = 0;  // bytes of the object
  Time stored_at;            // by the store's own clock
};

struct LogPiece {
  LogPieceInfo info;
  Json about;
  Bytes content;
};

struct Statement {
  std::string id;
  std::string kind;
  Time time;
  Role signer_role = Role::admin;
  std::string signer_name;
  Json body;
};

enum class CheckDepth : std::uint8_t {
  objects,   // L0: lists, sizes, heads, statements, holes
  hashes,    // L1: SHA-256 of every object named by its hash (keyless for packs)
  contents,  // L2: every segment opened, decompressed, every chunk id recomputed
};

struct CheckReport {
  std::uint64_t packs = 0;
  std::uint64_t segments = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t snapshots = 0;
  std::vector<Finding> findings;               // damage names the objects …
  std::vector<std::string> damaged_snapshots;  // … and these are the snapshots it reaches
  // Said to all in the repository, so that no backup relies on what was read and found damaged.
  bool recorded = false;
};

struct PruneOptions {
  bool dry_run = false;
  // Packs with more dead bytes than this share are emptied by moving their live segments.
  unsigned move_above_percent = 30;
  // Goes on although snapshots are missing: what only they refer to is removed.
  bool despite_missing = false;
  // A session older than its patience is ended by a void; a younger one is waited for up to this
  // long.
  Duration wait{0};
};

struct PruneReport {
  std::uint64_t packs_removed = 0;
  std::uint64_t packs_moved = 0;
  std::uint64_t bytes_freed = 0;
  std::uint64_t bytes_moved = 0;
  std::uint64_t bytes_kept = 0;
  std::uint64_t sessions_voided = 0;
  std::uint64_t log_pieces_removed = 0;
  std::vector<Finding> findings;
};

class Repository {
 public:
  // Creates config and the first key slot (role admin, name "admin"). `exists` when the place holds
  // a repository.
  static Result<std::unique_ptr<Repository>> create(std::unique_ptr<storage::Backend> backend,
                                                    const Credential& credential,
                                                    const Options& options,
                                                    const RunContext& context);
  // `not_found` when this is no repository, `wrong_key` when no slot opens, `corrupt` when slots
  // are damaged, `unsupported_format` when it is newer.
  static Result<std::unique_ptr<Repository>> open(std::unique_ptr<storage::Backend> backend,
                                                  const Credential& credential,
                                                  const Options& options,
                                                  const RunContext& context);
  virtual ~Repository() = default;

  virtual RepositoryId id() const = 0;
  virtual Role role() const = 0;
  virtual WriterId writer() const = 0;
  virtual std::string description() const = 0;  // of the medium, never a secret

  virtual Result<std::unique_ptr<SnapshotWriter>> begin(const SnapshotDraft& draft,
                                                        const RunContext& context) = 0;
  virtual Result<SnapshotList> snapshots(const RunContext& context) = 0;
  virtual Result<std::unique_ptr<SnapshotReader>> open_snapshot(const SnapshotId& id,
                                                                const RunContext& context) = 0;
  // The keyed identity of a chunk: what chunk lists hold. Thread-safe.
  virtual Result<ChunkId> identify(ByteView chunk) = 0;

  // The log of a source between snapshots. `exists` when there is a piece of that name.
  virtual Result<LogPieceInfo> add_log_piece(const NewLogPiece& piece,
                                             const RunContext& context) = 0;
  // By their beginnings, then by their ends. Names that no Lifeboat gives are passed over: check()
  // tells of them.
  virtual Result<std::vector<LogPieceInfo>> log_pieces(const std::string& service,
                                                       const std::string& source) = 0;
  // What one says of itself, its signature checked; any role may ask …
  virtual Result<Json> log_about(const LogPieceInfo& piece) = 0;
  // … the same by its beginning alone, for which little is read: damage behind it is not seen …
  virtual Result<Json> log_head(const LogPieceInfo& piece) = 0;
  // … and with its content.
  virtual Result<LogPiece> read_log_piece(const LogPieceInfo& piece) = 0;

  virtual Result<std::string> add_statement(const std::string& kind, Json body,
                                            const RunContext& context) = 0;
  virtual Result<std::vector<Statement>> statements(const std::string& kind) = 0;

  virtual Result<std::vector<KeySlotInfo>> keys() = 0;
  virtual Result<KeySlotInfo> add_key(const NewKey& key, const RunContext& context) = 0;
  virtual Result<void> remove_key(const std::string& slot_id, const RunContext& context) = 0;

  virtual Result<CheckReport> check(CheckDepth depth, const RunContext& context) = 0;
  virtual Result<void> forget(const SnapshotId& id, const std::string& reason,
                              const RunContext& context) = 0;
  virtual Result<PruneReport> prune(const PruneOptions& options, const RunContext& context) = 0;
  // Signs with this role's own key (evidence, restore records), and the certificate a stranger
  // needs.
  virtual Result<Bytes> sign(ByteView message) = 0;
  virtual Bytes certificate() const = 0;
  virtual Bytes root_public() const = 0;
};

}  // namespace lifeboat::repository
