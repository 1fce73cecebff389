#include "engine/files/losses.h"

#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

struct LossWords {
  const char* code;
  const char* message;
  bool incomplete;
};

LossWords words_of(Loss loss) {
  switch (loss) {
    case Loss::owner:
      return {"owner-not-restored", "belongs to this user now: only root can give files away",
              false};
    case Loss::mode:
      return {"mode-not-restored", "this file system does not take its mode", false};
    case Loss::time:
      return {"time-not-restored", "this file system does not take its time", false};
    case Loss::attribute:
      return {"attribute-not-restored", "this user or file system may not set its attributes",
              false};
    case Loss::special:
      return {"special-not-restored", "only root can make devices", true};
    case Loss::hard_link:
      return {"hardlink-not-restored", "the first name of the file is not in this restore", true};
    case Loss::stranger:
      return {"stranger-kept", "is not in the snapshot and could not be removed", false};
  }
  return {"", "", false};
}

}  // namespace

void Losses::count(Loss loss, const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& seen = seen_[loss];
  if (seen.times++ == 0) seen.first = shown(path);
}

std::vector<Finding> Losses::findings() const {
  const std::lock_guard lock(mutex_);
  std::vector<Finding> findings;
  for (const auto& [loss, seen] : seen_) {
    const auto words = words_of(loss);
    std::string message = words.message;
    if (seen.times > 1) message += " (and " + std::to_string(seen.times - 1) + " others)";
    findings.push_back({words.code, seen.first, std::move(message), words.incomplete});
  }
  return findings;
}

}  // namespace lifeboat::engine::files
