#pragma once
// How a repository is used from this machine. Values only.
#include <cstdint>
#include <filesystem>

namespace lifeboat::repository {

struct Options {
  std::filesystem::path cache;  // index tables and the newest state seen; made when absent (0700)
  int compression_level = 1;    // zstd
  bool verify_before_store = true;  // decode every segment again before it is stored
  unsigned workers = 0;             // 0 = as many as the machine has
};

}  // namespace lifeboat::repository
