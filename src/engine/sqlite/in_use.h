#pragma once
// Whether another program has a database open, seen from outside: by its locks, and by who holds
// the file. Takes no lock, changes nothing, thread-safe.
#include <string>

#include "base/result.h"

namespace lifeboat::engine::sqlite {

// Who uses it, for a message: "process 812 (python3) has it open"; empty when nobody is seen.
// Programs of other users that hold no lock can only be seen by root. Not for a database that this
// process has open.
Result<std::string> find_user(const std::string& path);

}  // namespace lifeboat::engine::sqlite
