#pragma once
// Where bytes rest: a flat store of write-once objects. The contract every medium must keep is
// below; tests/contract/storage_contract.h holds each implementation to it. Thread-safe.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace lifeboat::storage {

// Keys are lower-case letters, digits, '-', '_', '.' and '/', never absolute, no empty, "." or ".."
// part, at most 200 bytes; "tmp/" is the media's own. Anything else is `usage` before the medium is
// touched. No key is another's folder ("a" beside "a/b"): what a medium does then is its own
// affair.
using Key = std::string;

// No object and no range read at once is larger: a hostile medium cannot ask for more memory.
constexpr std::uint64_t kMaxObjectSize = 1U << 30U;

struct ObjectInfo {
  Key key;
  std::uint64_t size = 0;
  Time stored_at;  // by the store's clock
};

// Bytes [offset, offset + length); the default is the whole object.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = UINT64_MAX;
};

struct Traits {
  std::string description;             // "local directory /var/backups/lifeboat"; never a secret
  std::size_t pack_size = 32U << 20U;  // what one large object should be
  unsigned parallel_reads = 4;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Creates the object with exactly these bytes, atomically; durable when it returns. One that is
  // there already with the same bytes is success, so that a retried create is; with other bytes
  // `exists`, and the old bytes stay. Of two racing creates with different bytes exactly one
  // succeeds. More than kMaxObjectSize bytes are `usage`.
  virtual Result<void> put(const Key& key, ByteView bytes) = 0;

  // Replaces the contents of `into` (its memory is reused) with the range, cut at the object's end;
  // a range that begins past the end, or is still over kMaxObjectSize, is `corrupt`, an absent
  // object `not_found`.
  virtual Result<void> get(const Key& key, Range range, Bytes& into) = 0;

  virtual Result<ObjectInfo> stat(const Key& key) = 0;

  // Visits every object whose key begins with `prefix`, in no order; sees every put that returned
  // before the call. Keys that no Lifeboat wrote (temporary files) are not visited. The visitor's
  // error ends it; the visitor may call the backend.
  using Visitor = std::function<Result<void>(const ObjectInfo&)>;
  virtual Result<void> list(const std::string& prefix, const Visitor& visit) = 0;

  // Durable when it returns; an absent object is success.
  virtual Result<void> remove(const Key& key) = 0;

  virtual Traits traits() const = 0;
};

// The whole object, refusing one over `limit` bytes as `corrupt`.
Result<Bytes> get_whole(Backend& backend, const Key& key, std::size_t limit = 256U << 20U);
Result<void> check_key(const Key& key);
// What may be given to list(): the beginning of a key that check_key would pass, or nothing.
Result<void> check_prefix(const std::string& prefix);

}  // namespace lifeboat::storage
