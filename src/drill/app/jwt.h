#pragma once
// Tokens signed with the application's own key (RFC 7519, HS256): what a service would hand out to
// somebody who has logged in. Pure.
#include "base/clock.h"
#include "base/json_value.h"

namespace lifeboat::drill {

// The claims with "iat" and "exp" added where they are not given.
std::string sign_jwt(const std::string& key, Json claims, Time now, Duration lifetime);

}  // namespace lifeboat::drill
