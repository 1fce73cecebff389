#pragma once
// Repositories in folders, told by what lies there: a copy has another place and the same id. Reads
// only, stateless.
#include <filesystem>
#include <optional>

#include "repository/repository.h"

namespace lifeboat::restore {

// The id of the repository that lies in the folder, by its object `config`, which no key seals.
std::optional<repository::RepositoryId> repository_in(const std::filesystem::path& folder);

// The folder that holds the repository of that id: the place itself, one above it, or one below it,
// as many levels deep. Folders that may not be read are passed over; one that cannot be read is
// `refused`.
Result<std::optional<std::filesystem::path>> find_copy(const std::filesystem::path& place,
                                                       const repository::RepositoryId& id,
                                                       int levels, const RunContext& context);

}  // namespace lifeboat::restore
