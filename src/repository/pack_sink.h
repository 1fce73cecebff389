#pragma once
// Where sealed segments go: fills packs, stores them in the background and lists them in index
// objects, in the order that makes a crash harmless (packs, then the index that names them).
// Thread-safe.
#include <condition_variable>
#include <map>
#include <mutex>

#include "repository/index_object.h"
#include "repository/outbox.h"
#include "repository/pack.h"
#include "repository/put_journal.h"

namespace lifeboat::repository {

class PackSink {
 public:
  // Everything referred to must outlive the sink.
  struct Setup {
    storage::Backend& backend;
    const RoleKeys& keys;
    SessionRef session;
    PutJournal& journal;
  };
  explicit PackSink(const Setup& setup);

  // The room and number of a segment that will be sealed for this pack and appended to it.
  struct Slot {
    PackBuilder* pack = nullptr;
    Salt salt;
    std::uint32_t number = 0;
  };
  // Waits while all packs are on their way to the store.
  Result<Slot> reserve(std::size_t stored, std::size_t chunks, Random& random);

  struct Sealed {
    Commitment commitment;
    SegmentShape shape;
    ByteView stored;
    std::span<const ChunkId> ids;
  };
  // Every reserved slot is appended to, or the sink is not used again.
  Result<void> append(const Slot& slot, const Sealed& segment, Random& random);

  // A pack that is stored already joins the next index.
  Result<void> list(const PackName& name, const PackContents& contents);

  // No slot is open. Everything appended is durable and in an index when this returns.
  Result<void> flush(Random& random);

  std::uint64_t packs() const;
  // Each birth made here and how many segments it has.
  std::map<Salt, std::uint32_t> births() const;

 private:
  Result<void> close(PackBuilder& pack, Random& random);
  Result<void> publish_index(Random& random);
  PackBuilder* take_free();

  Setup setup_;
  mutable std::mutex guard_;  // for everything below, also while a segment is copied and hashed
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PackBuilder>> builders_;
  std::size_t max_builders_;
  std::size_t pack_size_;
  std::vector<PackBuilder*> free_;
  PackBuilder* open_ = nullptr;
  PackBuilder* closing_ = nullptr;  // full, and waiting for slots that were reserved in it
  IndexText listed_;
  std::uint64_t packs_ = 0;
  std::map<Salt, std::uint32_t> births_;
  Outbox outbox_;  // last: its thread ends before the rest goes
};

}  // namespace lifeboat::repository
