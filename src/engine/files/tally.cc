#include "engine/files/tally.h"

#include <sys/stat.h>

#include <cstdio>
#include <cstring>

#include "base/clock.h"
#include "base/json_value.h"
#include "crypto/hash.h"

namespace lifeboat::engine::files {
namespace {

using Words = std::array<std::uint64_t, 4>;

// What any user can restore of a mode; the rest is among what only the owner's rights can.
constexpr std::uint32_t kPlainMode = 01777;
constexpr std::uint32_t kOwnerMode = 06000;

Words number_of(ByteView bytes) {
  const auto digest = crypto::sha256(bytes);
  Words words;
  std::memcpy(words.data(), digest.bytes.data(), sizeof words);
  return words;
}

// Facts of the tree: what every restore brings back, whoever runs it.
void put_tree(ByteWriter& writer, const EntryInfo& info, const Metadata& metadata) {
  const bool is_file = info.kind == EntryKind::file;
  const bool is_link = info.kind == EntryKind::symlink;
  writer.u8(static_cast<std::uint8_t>(info.kind)).sized(info.path);
  writer.u64(is_file ? info.size : 0).u32(is_link ? 0 : metadata.mode & kPlainMode);
  writer.i64(info.modified_ns).sized(metadata.link);
}

// What needs the right to give files away or to make devices.
void put_owners(ByteWriter& writer, const EntryInfo& info, const Metadata& metadata) {
  writer.sized(info.path).sized(owner_label(metadata.user, metadata.uid));
  writer.sized(owner_label(metadata.group, metadata.gid)).u32(metadata.mode & kOwnerMode);
  if (!is_device(metadata)) return;
  writer.u32(metadata.mode & S_IFMT).u32(metadata.device_major).u32(metadata.device_minor);
}

bool any_user_restores(const Attribute& attribute) {
  return attribute.name.starts_with("user.") || attribute.name.starts_with("system.");
}

// False when there are none of them.
bool put_tallied_attributes(ByteWriter& writer, const EntryInfo& info, const Metadata& metadata) {
  bool any = false;
  writer.sized(info.path);
  for (const auto& attribute : metadata.attributes) {
    if (!any_user_restores(attribute)) continue;
    writer.sized(attribute.name).sized(attribute.value);
    any = true;
  }
  return any;
}

std::string octal(std::uint32_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

Json time_or_null(std::optional<std::int64_t> ns) {
  if (!ns) return nullptr;
  const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(*ns)};
  return to_rfc3339(std::chrono::floor<Duration>(time));
}

}  // namespace

void DigestSum::add(ByteView bytes) {
  std::uint64_t carry = 0;
  const auto more = number_of(bytes);
  for (std::size_t i = 0; i < more.size(); ++i) {
    const auto sum = words_[i] + carry;
    carry = static_cast<std::uint64_t>(sum < carry);
    words_[i] = sum + more[i];
    carry += static_cast<std::uint64_t>(words_[i] < more[i]);
  }
}

void DigestSum::remove(ByteView bytes) {
  std::uint64_t borrow = 0;
  const auto less = number_of(bytes);
  for (std::size_t i = 0; i < less.size(); ++i) {
    const auto before = words_[i];
    words_[i] = before - less[i] - borrow;
    borrow = static_cast<std::uint64_t>(before < less[i] || (before == less[i] && borrow > 0));
  }
}

std::string DigestSum::hex() const {
  std::array<char, 65> text{};
  std::snprintf(text.data(), text.size(), "%016lx%016lx%016lx%016lx", words_[3], words_[2],
                words_[1], words_[0]);
  return text.data();
}

void Greatest::add(std::int64_t value, const std::string& path) {
  constexpr std::size_t kKept = 64;
  if (top_.size() == kKept && value < top_.begin()->first) return;
  top_.emplace(value, path);
  if (top_.size() > kKept) top_.erase(top_.begin());
}

void Greatest::remove(std::int64_t value, const std::string& path) { top_.erase({value, path}); }

std::optional<std::int64_t> Greatest::value() const {
  if (top_.empty()) return std::nullopt;
  return top_.rbegin()->first;
}

void Tally::add(const EntryInfo& info, const Metadata& metadata) {
  const std::lock_guard lock(mutex_);
  count(info, metadata, 1);
  if (info.path.empty()) root_mode_ = octal(metadata.mode & kPlainMode);
  if (info.kind != EntryKind::file) return;
  newest_.add(info.modified_ns, info.path);
  largest_.add(static_cast<std::int64_t>(info.size), info.path);
}

void Tally::remove(const EntryInfo& info, const Metadata& metadata) {
  const std::lock_guard lock(mutex_);
  count(info, metadata, -1);
  newest_.remove(info.modified_ns, info.path);
  largest_.remove(static_cast<std::int64_t>(info.size), info.path);
}

void Tally::count(const EntryInfo& info, const Metadata& metadata, std::int64_t times) {
  const auto sum = [&](DigestSum& digest, const ByteWriter& writer) {
    times > 0 ? digest.add(writer.bytes()) : digest.remove(writer.bytes());
  };
  ByteWriter writer;
  put_owners(writer, info, metadata);
  sum(owners_, writer);
  if (is_device(metadata)) return;
  writer.clear();
  put_tree(writer, info, metadata);
  sum(tree_, writer);
  writer.clear();
  if (put_tallied_attributes(writer, info, metadata)) sum(attributes_, writer);
  kinds_.at(static_cast<std::size_t>(info.kind)) += times;
  if (info.kind == EntryKind::file) bytes_ += times * static_cast<std::int64_t>(info.size);
}

Json Tally::facts() const {
  const std::lock_guard lock(mutex_);
  const auto number = [&](EntryKind kind) { return kinds_.at(static_cast<std::size_t>(kind)); };
  return Json{{"engine", "files"},
              {"files", number(EntryKind::file)},
              {"directories", number(EntryKind::directory)},
              {"symlinks", number(EntryKind::symlink)},
              {"hardlinks", number(EntryKind::hardlink)},
              {"specials", number(EntryKind::special)},
              {"bytes", bytes_},
              {"largest", largest_.value().value_or(0)},
              {"newest", time_or_null(newest_.value())},
              {"root_mode", root_mode_},
              {"tree_digest", tree_.hex()},
              {"attributes_digest", attributes_.hex()},
              {"owners_digest", owners_.hex()}};
}

}  // namespace lifeboat::engine::files
