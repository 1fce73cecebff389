#include "restore/copies.h"

#include "base/file.h"
#include "repository/config_object.h"

namespace lifeboat::restore {
namespace {

// What is not there, or went away meanwhile, holds nothing.
bool is_no_folder(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

Result<std::vector<fs::path>> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  constexpr auto kPassOver = fs::directory_options::skip_permission_denied;
  for (fs::directory_iterator at(folder, kPassOver, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code untold;  // then whoever opens it learns why
    const auto type = at->symlink_status(untold).type();
    if (type == fs::file_type::directory || type == fs::file_type::none)
      found.push_back(at->path());
  }
  if (!error || is_no_folder(error)) return found;
  return fail(Error(Code::refused, "nobody can tell whether a copy of a repository lies in " +
                                       folder.string() + ": " + error.message())
                  .with_hint("Nothing was changed. Mend that folder, or restore to a new place."));
}

}  // namespace

std::optional<repository::RepositoryId> repository_in(const fs::path& folder) {
  const auto file = folder / repository::kConfigKey;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  const auto object = read_file(file, repository::kMaxConfig);
  const auto config = object ? repository::parse_config(*object) : fail(object.error());
  return config ? std::optional(config->id) : std::nullopt;
}

Result<std::optional<fs::path>> find_copy(const fs::path& place, const repository::RepositoryId& id,
                                          int levels, const RunContext& context) {
  for (auto at = place;; at = at.parent_path()) {
    if (repository_in(at) == id) return at;
    if (at == at.parent_path()) break;
  }
  std::vector<std::pair<fs::path, int>> ahead{{place, levels}};
  while (!ahead.empty()) {
    TRY(context.check_stop());
    const auto [folder, left] = std::move(ahead.back());
    ahead.pop_back();
    for (auto& each : TRY(folders_in(folder))) {
      if (repository_in(each) == id) return std::move(each);
      if (left > 1) ahead.emplace_back(std::move(each), left - 1);
    }
  }
  return std::nullopt;
}

}  // namespace lifeboat::restore
