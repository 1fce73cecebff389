#pragma once
// Which database an exchange is with, from the call, the environment and `.env`. Pure but for
// reading that file.
#include "config/template.h"
#include "engine/mongodb/location.h"
#include "service/exchange_calls.h"

namespace lifeboat::service {

// The environment, then `.env` of the working directory.
config::Variables variables_of(const Setup& setup);

// `usage` when nothing names it, `refused` for a URI with a password on the command line. No error
// holds the URI.
Result<engine::mongodb::Location> database_of(const Setup& setup, const DatabaseChoice& choice);

// A path as the call gave it, or `otherwise`, from the working directory.
std::filesystem::path exchange_path(const Setup& setup, const std::filesystem::path& path,
                                    const char* otherwise);
inline constexpr const char* kDefaultOutDir = "backup_dtb";

}  // namespace lifeboat::service
