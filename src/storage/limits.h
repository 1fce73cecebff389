#pragma once
// Internal to storage: the sizes every medium refuses alike. Thread-safe.
#include "storage/backend.h"

namespace lifeboat::storage {

// `usage` over kMaxObjectSize.
Result<void> check_size(const Key& key, ByteView bytes);

// How many bytes of an object of `object_size` the range holds; `corrupt` as Backend::get says.
Result<std::size_t> cut_range(const Key& key, Range range, std::uint64_t object_size);

}  // namespace lifeboat::storage
