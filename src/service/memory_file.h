#pragma once
// What is remembered on this machine between two runs: a JSON object in a file of the state
// directory. Who writes one holds its lock.
#include <filesystem>
#include <optional>

#include "base/clock.h"
#include "base/json_value.h"

namespace lifeboat::service {

// What cannot be read, is over `limit` bytes or is no object is as if nothing was remembered.
Json read_memory(const std::filesystem::path& file, std::size_t limit);
Result<void> write_memory(const std::filesystem::path& file, const Json& memory);
// The member when it is a time.
std::optional<Time> remembered_time(const Json& object, const char* key);

}  // namespace lifeboat::service
