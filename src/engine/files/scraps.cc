#include "engine/files/scraps.h"

#include <unistd.h>

#include <atomic>

#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::string_view kTemporaryBegin = ".lifeboat-restore-";
constexpr std::string_view kTemporaryEnd = ".tmp";

}  // namespace

std::string temporary_name() {
  static std::atomic<std::uint64_t> count{0};
  return std::string(kTemporaryBegin) + std::to_string(::getpid()) + "-" + std::to_string(count++) +
         std::string(kTemporaryEnd);
}

bool is_temporary(std::string_view name) {
  return name.starts_with(kTemporaryBegin) && name.ends_with(kTemporaryEnd);
}

bool is_scrap(std::string_view path) { return path == kMarkerName || is_temporary(name_of(path)); }

}  // namespace lifeboat::engine::files
