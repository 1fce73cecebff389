#pragma once
// Copies a file's content inside the kernel where it can, keeping holes. Stateless; thread-safe.
#include "base/file.h"

namespace lifeboat::engine::files {

// The first `size` bytes of `from`, which has at least as many, into the empty file `to`.
Result<void> copy_content(int from, int to, std::uint64_t size);

}  // namespace lifeboat::engine::files
