#pragma once
// Reading packs to find damage: their hashes, which needs no key, or every segment and chunk in
// them. Used by one check; its work runs in several threads.
#include <atomic>

#include "base/run_context.h"
#include "repository/check_report.h"
#include "repository/store.h"

namespace lifeboat::repository {

// What all index objects together say of each pack, in few bytes.
struct ListedPack {
  PackName name;
  std::uint64_t size = 0;
  Bytes directory_hash;  // of its plaintext
  IndexName index;       // one that lists it so
};

class PackCheck {
 public:
  PackCheck(const Store& store, SessionKeys& sessions, CheckNotes& notes)
      : store_(store), sessions_(sessions), notes_(notes) {}

  // Packs that are there, against packs that an index lists: presence and size.
  Result<void> compare(const std::vector<ListedPack>& listed, const RunContext& context);
  Result<void> read_hashes(const RunContext& context);
  Result<void> read_contents(const RunContext& context);

  std::uint64_t packs() const { return present_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t segments() const { return segments_; }
  std::uint64_t chunks() const { return chunks_; }
  // Index objects that say of a pack what is not so. After the reading.
  bool is_false(const IndexName& index) const { return false_.contains(index); }
  // Packs that were read and found whole.
  std::vector<PackName> whole() const { return that_are(true); }
  // The others that are there: damaged, or with a segment that nobody can open.
  std::vector<PackName> damaged() const { return that_are(false); }

 private:
  struct Present {
    PackName name;
    std::uint64_t size = 0;
    std::vector<const ListedPack*> listed{};  // more than one where somebody lied
  };

  std::vector<PackName> that_are(bool whole) const;
  Result<void> list_packs();
  Result<void> take_listing(const ListedPack& pack);
  Result<void> compare_sizes(const Present& pack);
  void distrust(const ListedPack& listed);
  Result<void> for_each_pack(const RunContext& context,
                             const std::function<Result<void>(const Present&)>& work);
  Result<void> hash_pack(const Present& pack, const RunContext& context);
  Result<void> open_pack_contents(const Present& pack, ByteView bytes);
  Result<void> salvage(const Present& pack, ByteView bytes, const Error& why);
  Result<void> try_segments(const PackDirectory& directory, ByteView bytes, SegmentSet& good,
                            SegmentSet& bad);
  Result<void> lose(const Present& pack, const Error& why);
  Result<bool> was_collected(const std::vector<const ListedPack*>& listed);

  const Store& store_;
  SessionKeys& sessions_;
  CheckNotes& notes_;
  std::vector<Present> present_;
  std::mutex guard_;  // for false_
  std::set<IndexName> false_;
  std::uint64_t bytes_ = 0;
  std::atomic<std::uint64_t> segments_ = 0;
  std::atomic<std::uint64_t> chunks_ = 0;
};

}  // namespace lifeboat::repository
