#pragma once
// What a directory holds, read through its descriptor. Thread-safe.
#include <time.h>

#include <functional>
#include <string>

#include "base/clock.h"

namespace lifeboat::storage {

// Visits each name but "." and ".." until the visitor says no; 0 or errno.
int each_name(int directory, const std::function<bool(const std::string&)>& visit);

// A file's time, moved into the years 1970 to 9999 where a hostile one would overflow.
Time time_of(const timespec& time);

}  // namespace lifeboat::storage
