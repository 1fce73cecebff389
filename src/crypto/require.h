#pragma once
// Internal to crypto: what must hold for any of its functions to mean something. A cryptographic
// library that fails a call which cannot fail is never gone on with. Thread-safe.

namespace lifeboat::crypto {

// Ends the process with the text when `ok` is false: for misuse and broken installations only,
// never for what bytes from outside can cause.
void require(bool ok, const char* what);

// libsodium is initialised from here on.
void require_sodium();

}  // namespace lifeboat::crypto
