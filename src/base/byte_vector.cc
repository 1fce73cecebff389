// What a vector of bytes does with each of them, compiled once for all rooms: see CMakeLists.txt.
#include "base/bytes.h"

template class std::vector<std::uint8_t, lifeboat::UninitialisedAllocator<std::uint8_t>>;
