#include "repository/check_packs.h"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "repository/damage.h"
#include "repository/index_object.h"
#include "repository/pack.h"
#include "repository/parallel.h"
#include "repository/segment_opener.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kPiece = 4U << 20U;               // what is read at once for a hash
constexpr std::uint64_t kMemoryForPacks = 160U << 20U;  // held by all threads together

// Opens one segment after another and recomputes the ids of its chunks.
class SegmentCheck {
 public:
  SegmentCheck(const Store& store, SessionKeys& sessions)
      : opener_(store.keys.repository, sessions), hmac_(store.keys.chunk_id.view()) {}

  Result<void> check(const PackDirectory& directory, const PackSegment& segment, ByteView pack) {
    if (std::uint64_t{segment.offset} + segment.shape.stored > pack.size())
      return fail(Code::corrupt, "the pack ends within the segment");
    const auto stored = pack.subspan(segment.offset, segment.shape.stored);
    const auto& birth = directory.births[segment.birth];
    const auto chunks = TRY(opener_.open(birth, segment.shape, stored));
    const auto ids = directory.ids_of(segment);
    if (chunks.size() != ids.size())
      return fail(Code::corrupt, "another number of chunks than the directory says");
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (hmac_.digest(chunks[i]).bytes != ids[i].bytes)
        return fail(Code::corrupt, "a chunk that does not have the id it is listed by");
    return {};
  }

 private:
  SegmentOpener opener_;
  crypto::Hmac hmac_;
};

// The directory that an index keeps of a pack, for when the pack's own cannot be read.
Result<PackDirectory> listed_directory(const Store& store, const ListedPack& pack) {
  const auto object = TRY(get_hashed(*store.backend, index_key(pack.index), kMaxObject));
  const auto opened = TRY(open_index_object(store.keys, pack.index, object));
  std::optional<PackDirectory> found;
  TRY(parse_index(opened.plain,
                  [&](const PackListing& each, const PackDirectory& directory) -> Result<void> {
                    if (each.name == pack.name) found = directory;
                    return {};
                  }));
  if (!found) return fail(Code::corrupt, "the index no longer lists the pack");
  return std::move(*found);
}

}  // namespace

Result<void> PackCheck::compare(const std::vector<ListedPack>& listed, const RunContext& context) {
  TRY(context.check_stop());
  TRY(list_packs());
  for (const auto& pack : listed) TRY(take_listing(pack));
  for (const auto& pack : present_) TRY(compare_sizes(pack));
  return {};
}

Result<void> PackCheck::list_packs() {
  TRY(store_.backend->list(std::string(kPacksName), [&](const auto& info) -> Result<void> {
    const auto name = parse_pack_key(info.key);
    if (!name) {
      notes_.find("strange-object", info.key, "a name that no Lifeboat gives");
      return {};
    }
    present_.push_back({*name, info.size});
    bytes_ += info.size;
    return {};
  }));
  std::ranges::sort(present_, {}, &Present::name);
  return {};
}

// A collection that runs beside this check publishes an index without a pack before it removes it.
Result<bool> PackCheck::was_collected(const std::vector<const ListedPack*>& listed) {
  if (listed.empty()) return true;
  const auto found = store_.backend->stat(index_key(listed[0]->index));
  if (!found && found.error().code() != Code::not_found) return fail(found.error());
  return !found;
}

Result<void> PackCheck::take_listing(const ListedPack& pack) {
  const auto found = std::ranges::lower_bound(present_, pack.name, {}, &Present::name);
  if (found == present_.end() || found->name != pack.name) {
    const auto why = fail(Code::not_found, "the index lists this pack, and it is not there");
    return lose({pack.name, pack.size, {&pack}}, why.value());
  }
  found->listed.push_back(&pack);
  return {};
}

// A pack that is cut off has lost its directory; one that still has it is as it was, and the index
// lies.
Result<void> PackCheck::compare_sizes(const Present& pack) {
  const auto differs = [&](const ListedPack* listed) { return listed->size != pack.size; };
  if (std::ranges::none_of(pack.listed, differs)) return {};
  if (std::ranges::all_of(pack.listed, differs)) {
    const auto read = read_pack_directory(*store_.backend, store_.keys, pack.name);
    if (!read && !is_damage_or_absence(read.error())) return fail(read.error());
    const auto why = fail(Code::corrupt, fmt::format("has {} bytes where {} were written",
                                                     pack.size, pack.listed[0]->size));
    if (!read) return lose(pack, why.value());
  }
  for (const auto* listed : pack.listed)
    if (differs(listed)) distrust(*listed);
  return {};
}

void PackCheck::distrust(const ListedPack& listed) {
  {
    const std::scoped_lock lock(guard_);
    if (!false_.insert(listed.index).second) return;
  }
  notes_.find("index-false", index_key(listed.index),
              "says otherwise than the pack itself what is in " + pack_key(listed.name));
}

// As many at once as memory allows: at the largest, each thread holds a whole pack.
Result<void> PackCheck::for_each_pack(const RunContext& context,
                                      const std::function<Result<void>(const Present&)>& work) {
  std::uint64_t largest = 1;
  for (const auto& pack : present_) largest = std::max(largest, pack.size);
  const auto room = std::max<std::uint64_t>(1, kMemoryForPacks / largest);
  const auto machine = static_cast<std::uint64_t>(tbb::this_task_arena::max_concurrency());
  tbb::task_arena arena(static_cast<int>(std::min(room, machine)));
  return arena.execute([&] {
    return for_each_index(present_.size(), context.stop, [&](std::size_t i) -> Result<void> {
      auto done = work(present_[i]);
      context.progress.advance(present_[i].size, 1);
      return done;
    });
  });
}

Result<void> PackCheck::lose(const Present& pack, const Error& why) {
  const bool missing = why.code() == Code::not_found;
  if (missing && TRY(was_collected(pack.listed))) return {};
  notes_.lose_pack(pack.name);
  notes_.find(missing ? "pack-missing" : "pack-damaged", pack_key(pack.name), why.describe());
  return {};
}

Result<void> PackCheck::read_hashes(const RunContext& context) {
  context.progress.stage("reading packs", bytes_);
  return for_each_pack(context, [&](const Present& pack) -> Result<void> {
    auto hashed = hash_pack(pack, context);
    if (hashed || !is_damage_or_absence(hashed.error())) return hashed;
    return lose(pack, hashed.error());
  });
}

Result<void> PackCheck::hash_pack(const Present& pack, const RunContext& context) {
  if (pack.size > kMaxPack) return fail(Code::corrupt, "is larger than a pack may be");
  crypto::Sha256 hash;
  Bytes piece;
  for (std::uint64_t at = 0; at < pack.size; at += kPiece) {
    TRY(context.check_stop());
    TRY(store_.backend->get(pack_key(pack.name), {at, std::min(kPiece, pack.size - at)}, piece));
    hash.update(piece);
  }
  if (hash.finish().bytes == pack.name.bytes) return {};
  return fail(Code::corrupt, "the content does not have the hash it is named by");
}

Result<void> PackCheck::read_contents(const RunContext& context) {
  context.progress.stage("reading packs", bytes_);
  tbb::enumerable_thread_specific<Bytes> memory;
  return for_each_pack(context, [&](const Present& pack) -> Result<void> {
    auto& bytes = memory.local();
    auto got = store_.backend->get(pack_key(pack.name), {0, kMaxPack + 1}, bytes);
    if (!got && !is_damage_or_absence(got.error())) return got;
    if (!got) return lose(pack, got.error());
    auto opened = open_pack_contents(pack, bytes);
    if (opened || !is_damage_or_absence(opened.error())) return opened;
    return salvage(pack, bytes, opened.error());
  });
}

Result<void> PackCheck::open_pack_contents(const Present& pack, ByteView bytes) {
  const auto contents = TRY(open_pack(store_.keys, pack.name, bytes));
  const auto hash = to_bytes(crypto::sha256(contents.plain).view());
  for (const auto* listed : pack.listed)
    if (listed->directory_hash != hash) distrust(*listed);
  SegmentCheck check(store_, sessions_);
  for (const auto& segment : contents.directory.segments)
    TRY(check.check(contents.directory, segment, bytes));
  segments_ += contents.directory.segments.size();
  chunks_ += contents.directory.ids.size();
  return {};
}

// A damaged pack may have lost one segment of many: which, tells the index's own directory of it.
// Where index objects differ, a segment is lost that none of them helps to open.
Result<void> PackCheck::salvage(const Present& pack, ByteView bytes, const Error& why) {
  SegmentSet good;
  SegmentSet bad;
  for (const auto* listed : pack.listed) {
    const auto directory = listed_directory(store_, *listed);
    if (!directory && !is_damage_or_absence(directory.error())) return fail(directory.error());
    if (directory) TRY(try_segments(*directory, bytes, good, bad));
  }
  if (good.size() == 0) return lose(pack, why);
  std::size_t lost = 0;
  bad.visit([&](const Salt& birth, std::uint32_t number) {
    if (good.contains(birth, number)) return;
    ++lost;
    notes_.lose_segment(pack.name, birth, number);
  });
  notes_.damage_pack(pack.name);
  notes_.find(
      "pack-damaged", pack_key(pack.name),
      fmt::format("{}; {} of {} segments are lost", why.describe(), lost, lost + good.size()));
  segments_ += good.size();
  return {};
}

Result<void> PackCheck::try_segments(const PackDirectory& directory, ByteView bytes,
                                     SegmentSet& good, SegmentSet& bad) {
  SegmentCheck check(store_, sessions_);
  for (const auto& segment : directory.segments) {
    const auto checked = check.check(directory, segment, bytes);
    if (!checked && !is_damage_or_absence(checked.error())) return checked;
    auto& into = checked ? good : bad;
    into.add(directory.births[segment.birth].salt, segment.shape.number);
  }
  return {};
}

std::vector<PackName> PackCheck::that_are(bool whole) const {
  std::vector<PackName> names;
  for (const auto& pack : present_)
    if (notes_.is_whole(pack.name) == whole) names.push_back(pack.name);
  return names;
}

}  // namespace lifeboat::repository
