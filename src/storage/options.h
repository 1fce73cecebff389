#pragma once
// How a repository's medium is named and limited in the configuration. Values only.
#include <cstdint>
#include <string>

namespace lifeboat::storage {

struct Options {
  std::string url;                 // a path, "file:///path" or "memory:name" (tests)
  std::uint64_t upload_limit = 0;  // bytes per second; 0 = none
  std::uint64_t download_limit = 0;
  unsigned retries = 5;
};

}  // namespace lifeboat::storage
