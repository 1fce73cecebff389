#include "engine/files/listing.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lifeboat::engine::files {
namespace {

// Collects names; keeps at most twice the limit at any time.
class Collector {
 public:
  Collector(std::string_view after, std::size_t limit) : after_(after), limit_(limit) {}

  void take(std::string_view name) {
    if (name == "." || name == ".." || name <= after_) return;
    if (bounded_ && name > bound_) return;
    batch_.names.add(name);
    if (batch_.names.size() >= 2 * limit_) cut();
  }

  Batch finish() {
    if (batch_.names.size() > limit_)
      cut();
    else
      batch_.names.keep_first(limit_);
    return std::move(batch_);
  }

 private:
  void cut() {
    batch_.names.keep_first(limit_);
    batch_.more = true;
    bounded_ = true;
    bound_ = batch_.names[limit_ - 1];
  }

  std::string_view after_;
  std::size_t limit_;
  Batch batch_;
  bool bounded_ = false;
  std::string bound_;
};

}  // namespace

void Names::add(std::string_view name) {
  places_.emplace_back(bytes_.size(), name.size());
  bytes_.append(name);
}

void Names::keep_first(std::size_t count) {
  const std::string_view bytes(bytes_);
  std::ranges::sort(places_, [&](const auto& a, const auto& b) {
    return bytes.substr(a.first, a.second) < bytes.substr(b.first, b.second);
  });
  if (places_.size() <= count) return;
  Names kept;
  for (std::size_t at = 0; at < count; ++at) kept.add((*this)[at]);
  *this = std::move(kept);
}

Result<Batch> list_names(int folder, std::string_view after, std::size_t limit) {
  if (::lseek(folder, 0, SEEK_SET) != 0) return fail_errno(errno, "cannot list the folder");
  Collector collector(after, limit);
  alignas(dirent64) std::array<char, 32U << 10U> buffer;
  for (;;) {
    const auto size = ::getdents64(folder, buffer.data(), buffer.size());
    if (size < 0) return fail_errno(errno, "cannot list the folder");
    if (size == 0) return collector.finish();
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      collector.take(static_cast<const char*>(entry->d_name));
      at += entry->d_reclen;
    }
  }
}

}  // namespace lifeboat::engine::files
