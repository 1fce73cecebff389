#pragma once
// How a destination is reached from this machine. Thread-safe.
#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/options.h"

namespace lifeboat::sandbox {

// A connection; none when nobody answers there within ten seconds.
FileDescriptor dial(const Destination& destination);
// A Unix socket's; a path that is too long for one leads nowhere.
FileDescriptor dial(const std::string& socket);
// Whether both lead to one port of one machine, by whatever names: "db1:27017", "10.0.0.5:27017".
// All addresses of this machine are one; a name that cannot be looked up now may be any.
bool may_be_same_place(const Destination& one, const Destination& other);
// The same of what is written "host:port" or "[::1]:27017", and of the paths of two sockets. What
// is neither leads nowhere.
bool may_be_same_address(const std::string& one, const std::string& other);

}  // namespace lifeboat::sandbox
