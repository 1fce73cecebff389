#pragma once
// The evidence as one self-contained HTML page for people: verdict first, nothing loaded from
// elsewhere. Pure.
#include <string>

#include "base/json_value.h"

namespace lifeboat::drill {

// `sealed` is what sign_evidence() made. Every text in it is escaped.
std::string render_page(const Json& sealed);

}  // namespace lifeboat::drill
