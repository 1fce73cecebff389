#pragma once
// Opens the medium that a URL names, wrapped in retry and throttle. The registry of media is in
// all.cc.
#include "base/run_context.h"
#include "storage/backend.h"
#include "storage/options.h"

namespace lifeboat::storage {

enum class OpenMode : std::uint8_t {
  existing,  // the place must be there: `not_found` otherwise
  create,    // the place is made; one that holds anything is `exists`
};

Result<std::unique_ptr<Backend>> open_backend(const Options& options, OpenMode mode,
                                              const Clock& clock, Random& random);

}  // namespace lifeboat::storage
