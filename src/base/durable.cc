#include "base/durable.h"

namespace lifeboat {

Result<void> make_durable_directories(const fs::path& path) {
  if (std::error_code ignored; path.empty() || fs::exists(path, ignored))
    return make_directories(path);
  const auto parent = path.has_filename() ? path.parent_path() : path.parent_path().parent_path();
  TRY(make_durable_directories(parent));
  TRY(make_directories(path));
  return sync_directory(parent);
}

}  // namespace lifeboat
