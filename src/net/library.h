#pragma once
// libcurl as all clients of this room begin it. Thread-safe.

namespace lifeboat::net {

// Once for the process, whoever comes first.
void begin_library();

}  // namespace lifeboat::net
