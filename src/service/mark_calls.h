#pragma once
// `lifeboat mark`, and what it leaves behind for drills on the same machine. Stateless.
#include <filesystem>
#include <optional>

#include "service/service.h"

namespace lifeboat::service {

// What a drill is told of the service's markers; nothing when it has none.
std::optional<drill::MarkersRequest> markers_of(const config::Service& service,
                                                const std::filesystem::path& state);

}  // namespace lifeboat::service
