#include "repository/new_chunks.h"

#include <algorithm>

#include "repository/scratch_file.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kFirstSlots = 1024;
constexpr std::size_t kMaxRuns = 8;
constexpr ChunkPrefix kEmpty{0, 0};

}  // namespace

NewChunks::NewChunks(std::filesystem::path directory, std::size_t limit)
    : directory_(std::move(directory)), limit_(std::max<std::size_t>(limit / kShards, 1)) {}

Result<bool> NewChunks::insert(const ChunkId& id) {
  const auto key = prefix_of(id);
  return shard_of(key).insert(key, *this);
}

Result<bool> NewChunks::contains(const ChunkId& id) {
  const auto key = prefix_of(id);
  return shard_of(key).contains(key);
}

Result<bool> NewChunks::Shard::insert(const ChunkPrefix& key, const NewChunks& owner) {
  const std::lock_guard lock(guard_);
  if (slots_.empty()) slots_.resize(kFirstSlots, kEmpty);
  if (slot_of(key) == key || TRY(in_runs(key))) return false;
  if (used_ == owner.limit_) TRY(spill(owner));
  if (used_ * 3 >= slots_.size() * 2) grow();
  slot_of(key) = key;
  ++used_;
  return true;
}

Result<bool> NewChunks::Shard::contains(const ChunkPrefix& key) {
  const std::lock_guard lock(guard_);
  if (slots_.empty()) return false;
  return slot_of(key) == key || TRY(in_runs(key));
}

// Where the key is or would be. There is always an empty slot.
ChunkPrefix& NewChunks::Shard::slot_of(const ChunkPrefix& key) {
  const auto mask = slots_.size() - 1;
  auto at = key[0] & mask;
  while (slots_[at] != key && slots_[at] != kEmpty) at = (at + 1) & mask;
  return slots_[at];
}

Result<bool> NewChunks::Shard::in_runs(const ChunkPrefix& key) const {
  for (const auto& run : runs_) {
    const auto get = [&](std::uint64_t i) { return run.file.at<ChunkPrefix>(run.keys, i); };
    const auto at = TRY(sorted_lower_bound(run.keys.records, key, get));
    if (at < run.keys.records && TRY(get(at)) == key) return true;
  }
  return false;
}

void NewChunks::Shard::grow() {
  std::vector<ChunkPrefix> old(slots_.size() * 2, kEmpty);
  old.swap(slots_);
  for (const auto& key : old)
    if (key != kEmpty) slot_of(key) = key;
}

Result<void> NewChunks::Shard::spill(const NewChunks& owner) {
  std::ranges::sort(slots_);
  runs_.push_back(TRY(write_run(owner.directory_)));
  std::ranges::fill(slots_, kEmpty);
  used_ = 0;
  if (runs_.size() < kMaxRuns) return {};
  auto merged = TRY(merge_runs(owner.directory_));
  runs_.clear();
  runs_.push_back(std::move(merged));
  return {};
}

// The sorted slots, of which the empty ones come first.
Result<NewChunks::Run> NewChunks::Shard::write_run(const std::filesystem::path& directory) const {
  auto file = TRY(open_unnamed_file(directory));
  PagedWriter writer(file.get());
  for (const auto& key : slots_)
    if (key != kEmpty) TRY(writer.add(key));
  const auto keys = TRY(writer.end_section());
  TRY(writer.finish({}));
  return Run{TRY(PagedFile::open(std::move(file))), keys};
}

Result<NewChunks::Run> NewChunks::Shard::merge_runs(const std::filesystem::path& directory) const {
  auto file = TRY(open_unnamed_file(directory));
  PagedWriter writer(file.get());
  std::vector<std::uint64_t> heads(runs_.size(), 0);
  for (bool more = true; more;) {
    more = false;
    std::size_t least_run = 0;
    ChunkPrefix least{};
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (heads[i] == runs_[i].keys.records) continue;
      const auto key = TRY(runs_[i].file.at<ChunkPrefix>(runs_[i].keys, heads[i]));
      if (!more || key < least) std::tie(least, least_run) = std::pair(key, i);
      more = true;
    }
    if (!more) break;
    TRY(writer.add(least));
    ++heads[least_run];
  }
  const auto keys = TRY(writer.end_section());
  TRY(writer.finish({}));
  return Run{TRY(PagedFile::open(std::move(file))), keys};
}

}  // namespace lifeboat::repository
