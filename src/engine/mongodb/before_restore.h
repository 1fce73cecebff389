#pragma once
// What there is to know of a place, and to mend, before a restore changes it. Functions are
// thread-safe.
#include "engine/engine.h"

namespace lifeboat::engine::mongodb {

// What the server at the place would lose of a snapshot's catalog (an entry's content), or of these
// collections of it. `unsupported_format` and `corrupt` as decode_catalog() says.
Result<std::vector<Finding>> losses_at(const std::string& place, ByteView catalog,
                                       const std::vector<std::string>& objects);

// Puts back the validators that an interrupted restore or import of this place had set aside.
Result<std::vector<Finding>> recover_place(const TargetOptions& options);

}  // namespace lifeboat::engine::mongodb
