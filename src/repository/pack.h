#pragma once
// Packs: segments on their way into one large object, and reading its directory back. A PackBuilder
// belongs to one thread at a time; reading is thread-safe.
#include <optional>

#include "crypto/hash.h"
#include "repository/pack_directory.h"

namespace lifeboat::storage {
class Backend;
}

namespace lifeboat::repository {

struct FinishedPack {
  PackName name;
  ByteView bytes;   // in the builder's memory, until its next begin()
  Bytes directory;  // plaintext, for the index
};

// Builds one pack after another in the same memory, hashing as it goes.
class PackBuilder {
 public:
  // `keys` must outlive the builder. `size` is what a whole pack may take, at most kMaxPack.
  PackBuilder(const RoleKeys& keys, const SessionRef& session, std::size_t size);

  void begin(Random& random);
  void clear();
  const Salt& salt() const { return salt_; }
  bool empty() const { return directory_.segments.empty(); }

  // Whether a segment of `stored` bytes and so many chunks still goes in, with a birth of its own.
  bool fits(std::size_t stored, std::size_t chunks) const;
  // Takes the room of a segment that will come, and gives its number in this birth.
  std::uint32_t reserve(std::size_t stored, std::size_t chunks);
  // A reserved segment, or one that is moved here: `birth` is then the one it has.
  void append(const PackBirth& birth, const SegmentShape& shape, ByteView stored,
              std::span<const ChunkId> ids);
  std::size_t awaited() const { return awaited_; }

  // Adds directory and trailer.
  Result<FinishedPack> finish(Random& random);

 private:
  std::uint16_t index_of(const PackBirth& birth);
  void add(ByteView bytes);

  const RoleKeys* keys_;
  SessionRef session_;
  std::size_t limit_;
  Salt salt_;
  Bytes bytes_;
  std::size_t planned_ = 0;  // size with everything appended or reserved
  std::size_t awaited_ = 0;
  std::uint32_t next_number_ = 0;
  PackDirectory directory_;
  crypto::Sha256 hash_;
};

struct PackContents {
  std::uint64_t size = 0;
  PackTrailer trailer;
  Bytes plain;  // of the directory, as the index holds it
  PackDirectory directory;
};

// Reads a pack's end only. The bytes of its segments are not looked at.
Result<PackContents> read_pack_directory(storage::Backend& backend, const RoleKeys& keys,
                                         const PackName& name);
// The same from a whole pack, with everything checked that needs no session key: name, header,
// directory.
Result<PackContents> open_pack(const RoleKeys& keys, const PackName& name, ByteView pack);

}  // namespace lifeboat::repository
