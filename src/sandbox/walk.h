#pragma once
// Looks at everything below a place, without following links. Stateless.
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace lifeboat::sandbox {

enum class Onward : std::uint8_t { go_on, pass, end };
// Told of the place itself and of each thing below it: whether the walk goes on, through it where
// it is a folder, passes it by, or ends.
using Visit = std::function<Onward(const std::filesystem::path&, const struct stat&)>;

// What could not be looked through, and why; empty when nothing was left out that this user may
// enter. At most a million things are looked at.
std::string walk(const std::filesystem::path& place, const Visit& visit);

// Leads to a process: to whoever listens at it or reads from it, also where nothing may be written.
bool is_socket_or_pipe(const struct stat& status);

}  // namespace lifeboat::sandbox
