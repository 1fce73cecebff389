#include "storage/backend.h"

#include <algorithm>
#include <string_view>

#include "storage/limits.h"

namespace lifeboat::storage {
namespace {

constexpr std::size_t kMaxKeySize = 200;

bool may_stand_in_key(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
         letter == '_' || letter == '.';
}

bool is_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." &&
         std::ranges::all_of(part, may_stand_in_key);
}

bool are_parts(std::string_view key) {
  for (;;) {
    const auto slash = key.find('/');
    if (!is_part(key.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

bool is_reserved(std::string_view key) { return key == "tmp" || key.starts_with("tmp/"); }

}  // namespace

Result<void> check_key(const Key& key) {
  if (key.size() <= kMaxKeySize && are_parts(key) && !is_reserved(key)) return {};
  return fail(Code::usage, "not a name for an object: \"" + key.substr(0, kMaxKeySize) + "\"");
}

Result<void> check_prefix(const std::string& prefix) {
  // Whatever a key can begin with becomes a key with one more letter behind it.
  if (prefix.size() <= kMaxKeySize && are_parts(prefix + "x") && !prefix.starts_with("tmp/"))
    return {};
  return fail(Code::usage, "no name begins with \"" + prefix.substr(0, kMaxKeySize) + "\"");
}

Result<void> check_size(const Key& key, ByteView bytes) {
  if (bytes.size() <= kMaxObjectSize) return {};
  return fail(Code::usage, key + " is too large for one object");
}

Result<std::size_t> cut_range(const Key& key, Range range, std::uint64_t object_size) {
  if (range.offset > object_size)
    return fail(Code::corrupt, key + " is shorter than it should be: it has " +
                                   std::to_string(object_size) + " bytes, wanted from " +
                                   std::to_string(range.offset));
  const auto length = std::min(range.length, object_size - range.offset);
  if (length > kMaxObjectSize)
    return fail(Code::corrupt, key + " is larger than any object can rightly be");
  return static_cast<std::size_t>(length);
}

Result<Bytes> get_whole(Backend& backend, const Key& key, std::size_t limit) {
  Bytes bytes;
  TRY(backend.get(key, Range{0, static_cast<std::uint64_t>(limit) + 1}, bytes));
  if (bytes.size() > limit) return fail(Code::corrupt, key + " is larger than it can rightly be");
  return bytes;
}

}  // namespace lifeboat::storage
