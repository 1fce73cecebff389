#include "restore/copies.h"

#include "base/file.h"
#include "repository/config_object.h"

namespace lifeboat::restore {

std::optional<repository::RepositoryId> repository_in(const fs::path& folder) {
  const auto file = folder / repository::kConfigKey;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  const auto object = read_file(file, repository::kMaxConfig);
  const auto config = object ? repository::parse_config(*object) : fail(object.error());
  return config ? std::optional(config->id) : std::nullopt;
}

std::optional<fs::path> find_copy(const fs::path& place, const repository::RepositoryId& id,
                                  int levels) {
  for (auto at = place;; at = at.parent_path()) {
    if (repository_in(at) == id) return at;
    if (at == at.parent_path()) break;
  }
  std::error_code error;
  constexpr auto kPassOver = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(place, kPassOver, error), end; !error && at != end;
       at.increment(error)) {
    if (std::error_code gone; !fs::is_directory(at->symlink_status(gone))) continue;
    if (repository_in(at->path()) == id) return at->path();
    if (at.depth() + 1 >= levels) at.disable_recursion_pending();
  }
  return std::nullopt;
}

}  // namespace lifeboat::restore
