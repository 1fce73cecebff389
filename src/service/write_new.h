#pragma once
// A file of our own that was not there before. Thread-safe.
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace lifeboat::service {

// Durable when it returns; `exists` when something is there: a link that waits is not followed.
Result<void> write_new(const std::filesystem::path& file, std::string_view text);

}  // namespace lifeboat::service
