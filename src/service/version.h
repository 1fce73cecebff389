#pragma once
// The version of this Lifeboat. A constant.
#include <string_view>

namespace lifeboat::service {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace lifeboat::service
