#pragma once
// Segments: what is compressed and sealed once (docs/format.md, 6.2). SegmentBuffer gathers chunks
// in the raw layout, SegmentCodec compresses, SegmentKey seals. Each object belongs to one thread
// at a time.
#include <memory>
#include <span>
#include <vector>

#include "crypto/aead.h"
#include "repository/chunker.h"
#include "repository/sealed.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace lifeboat::repository {

constexpr std::uint32_t kMaxSegmentRaw = 8U << 20U;
constexpr std::size_t kMaxSegmentChunks = 65'535;
constexpr std::size_t kSegmentFill = 4096;  // chunks after which a writer closes a segment anyway

using Commitment = Id<struct CommitmentTag, 32>;

enum class Method : std::uint8_t { stored = 0, zstd = 1 };

// What the seal of a segment vouches for, and a move keeps.
struct SegmentShape {
  std::uint32_t number = 0;  // in its birth
  std::uint32_t stored = 0;  // sealed length, with the tag
  std::uint32_t raw = 0;
  Method method = Method::stored;
  bool operator==(const SegmentShape&) const = default;
};

// What a chunk is. The checksum is quick and no identity: it is made before the id and asked when
// the sealed segment is opened again, so that what changes in memory meanwhile is never stored.
struct ChunkNote {
  ChunkId id;
  std::uint64_t sum = 0;
};
std::uint64_t quick_sum(ByteView chunk);

// Content on its way to a segment: bytes come in at the end, and chunks are cut off the pending
// ones. The memory is taken once and used again, since its first touch is dear.
class SegmentBuffer {
 public:
  explicit SegmentBuffer(std::size_t capacity);

  ByteSpan room() { return ByteSpan(memory_).subspan(end_); }
  void extend(std::size_t filled) { end_ += filled; }
  ByteView pending() const { return ByteView(memory_).subspan(cut_, end_ - cut_); }
  // The first `length` pending bytes become a chunk; what it is, is noted later.
  void close_chunk(std::size_t length);
  // A whole chunk at once, with its note; nothing may be pending.
  void append(const ChunkNote& note, ByteView chunk);

  std::size_t chunks() const { return lengths_.size(); }
  std::size_t content_size() const { return cut_ - start(); }
  bool full(std::size_t target) const {
    return content_size() >= target || chunks() >= kSegmentFill;
  }
  ByteView chunk(std::size_t index) const;
  std::uint32_t length(std::size_t index) const { return lengths_[index]; }
  void note(std::size_t index, const ChunkNote& note);
  ChunkNote noted(std::size_t index) const { return {ids_[index], sums_[index]}; }
  const std::vector<ChunkId>& ids() const { return ids_; }

  // The raw layout: writes the chunks' lengths before the content. Valid until the next change.
  ByteView raw();
  // Hands the pending bytes to `next`, which is empty.
  void move_pending_to(SegmentBuffer& next);
  // Forgets the chunks; pending bytes move to the start.
  void clear();
  // Forgets pending bytes too.
  void reset();

 private:
  static std::size_t start();  // of content: room for the longest list of lengths is before it

  Bytes memory_;
  std::size_t cut_;
  std::size_t end_;
  std::vector<std::uint32_t> lengths_;
  std::vector<std::size_t> offsets_;
  std::vector<ChunkId> ids_;
  std::vector<std::uint64_t> sums_;
};

// The chunks of a raw segment, as views into it; `corrupt` unless every length adds up. For bytes
// that passed the seal: and yet nothing is believed.
Result<void> parse_segment(ByteView raw, std::vector<ByteView>& chunks);

// zstd with contexts that are made once.
class SegmentCodec {
 public:
  explicit SegmentCodec(int level);

  struct Encoded {
    Method method = Method::stored;
    ByteView body;  // `raw` itself, or memory of this codec until the next call
  };
  // Stores as it is what compression would make no 3 % smaller.
  Result<Encoded> encode(ByteView raw);
  // Exactly `raw_size` bytes (at most kMaxSegmentRaw): `body` itself or `memory`; else `corrupt`.
  Result<ByteView> decode(Method method, ByteView body, std::size_t raw_size, Bytes& memory);

 private:
  bool looks_incompressible(ByteView raw);

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
    void operator()(ZSTD_DCtx_s* context) const;
  };
  int level_;
  bool last_was_stored_ = false;
  std::unique_ptr<ZSTD_CCtx_s, Free> compressor_;
  std::unique_ptr<ZSTD_DCtx_s, Free> decompressor_;
  Bytes frame_;
};

// The key of all segments born in one pack.
class SegmentKey {
 public:
  SegmentKey(const RepositoryId& repository, ByteView session_key, const Salt& birth);

  const Commitment& commitment() const { return commitment_; }
  // Appends the sealed body to `out`; each number is sealed once. shape.stored is body.size() + 16.
  void seal(const SegmentShape& shape, ByteView body, Bytes& out);
  // Replaces `body`; `corrupt` when anything differs.
  Result<void> open(const SegmentShape& shape, ByteView stored, Bytes& body);

 private:
  SegmentKey(const RepositoryId& repository, const PartKey& key, const Salt& birth);
  ByteView associated_data(const SegmentShape& shape);

  Commitment commitment_;
  Bytes associated_;  // its fixed beginning and, behind it, what the shape gives
  crypto::Aead aead_;
};

}  // namespace lifeboat::repository
