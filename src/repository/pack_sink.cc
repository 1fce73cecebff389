#include "repository/pack_sink.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kPacksPerIndex = 64;
constexpr std::size_t kMaxIndexText = 32U << 20U;
constexpr std::size_t kMinPackSize = 64U << 10U;
// One is filled while others are stored; of large ones fewer, for the sake of memory.
constexpr std::size_t kBuilders = 3;
constexpr std::size_t kLargePack = 32U << 20U;

}  // namespace

PackSink::PackSink(const Setup& setup) : setup_(setup), outbox_(setup.backend) {
  pack_size_ = std::clamp(setup.backend.traits().pack_size, kMinPackSize, kMaxPack);
  max_builders_ = pack_size_ > kLargePack ? kBuilders - 1 : kBuilders;
}

// Several packs may become full while this waits, so everything is looked at again.
Result<PackSink::Slot> PackSink::reserve(std::size_t stored, std::size_t chunks, Random& random) {
  std::unique_lock lock(guard_);
  while (true) {
    TRY(outbox_.status());
    if (open_ != nullptr && open_->fits(stored, chunks)) break;
    if (open_ != nullptr && closing_ == nullptr) {
      closing_ = std::exchange(open_, nullptr);
      if (closing_->awaited() == 0) TRY(close(*std::exchange(closing_, nullptr), random));
    }
    if (open_ == nullptr) open_ = take_free();
    if (open_ != nullptr && open_->empty() && open_->awaited() == 0) open_->begin(random);
    if (open_ == nullptr || !open_->fits(stored, chunks)) freed_.wait(lock);
  }
  return Slot{open_, open_->salt(), open_->reserve(stored, chunks)};
}

PackBuilder* PackSink::take_free() {
  if (free_.empty() && builders_.size() < max_builders_) {
    builders_.push_back(std::make_unique<PackBuilder>(setup_.keys, setup_.session, pack_size_));
    return builders_.back().get();
  }
  if (free_.empty()) return nullptr;
  auto* const pack = free_.back();
  free_.pop_back();
  return pack;
}

Result<void> PackSink::append(const Slot& slot, const Sealed& segment, Random& random) {
  const std::lock_guard lock(guard_);
  slot.pack->append({slot.salt, setup_.session, segment.commitment}, segment.shape, segment.stored,
                    segment.ids);
  births_[slot.salt] = std::max(births_[slot.salt], slot.number + 1);
  if (slot.pack != closing_ || closing_->awaited() > 0) return {};
  TRY(close(*std::exchange(closing_, nullptr), random));
  freed_.notify_all();
  return {};
}

// Its name is remembered before it can be seen anywhere: who ends in between finds it again. The
// memory of the pack is free again when it is stored, or when storing has failed.
Result<void> PackSink::close(PackBuilder& pack, Random& random) {
  const auto finished = TRY(pack.finish(random));
  listed_.add({finished.name, finished.bytes.size(), finished.directory, setup_.keys.writer});
  ++packs_;
  setup_.journal.add(finished.name);
  const auto stored = [this, &pack] {
    const std::lock_guard lock(guard_);
    pack.clear();
    free_.push_back(&pack);
    freed_.notify_all();
  };
  outbox_.put({pack_key(finished.name), finished.bytes, {}, stored});
  const bool enough = listed_.packs() >= kPacksPerIndex || listed_.size() >= kMaxIndexText;
  return enough ? publish_index(random) : Result<void>{};
}

Result<void> PackSink::publish_index(Random& random) {
  if (listed_.packs() == 0) return {};
  auto object = TRY(make_index_object(setup_.keys, listed_.bytes(), random));
  listed_.clear();
  Outbox::Item item;
  item.key = index_key(object.name);
  item.owned = std::move(object.bytes);
  outbox_.put(std::move(item));
  return {};
}

Result<void> PackSink::list(const PackName& name, const PackContents& contents) {
  const std::lock_guard lock(guard_);
  listed_.add({name, contents.size, contents.plain, setup_.keys.writer});
  return {};
}

Result<void> PackSink::flush(Random& random) {
  {
    const std::lock_guard lock(guard_);
    TRY(outbox_.status());
    if (closing_ != nullptr) return fail(Code::internal, "a pack is still being filled");
    if (open_ != nullptr && !open_->empty()) TRY(close(*std::exchange(open_, nullptr), random));
    TRY(publish_index(random));
  }
  TRY(outbox_.drain());
  setup_.journal.clear();
  return {};
}

std::uint64_t PackSink::packs() const {
  const std::lock_guard lock(guard_);
  return packs_;
}

std::map<Salt, std::uint32_t> PackSink::births() const {
  const std::lock_guard lock(guard_);
  return births_;
}

}  // namespace lifeboat::repository
