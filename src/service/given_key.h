#pragma once
// A key that somebody gives with the command, instead of the configuration's. Stateless.
#include "repository/repository.h"
#include "service/setup.h"

namespace lifeboat::service {

struct GivenKey {
  std::filesystem::path key_file;   // relative to the working directory
  std::filesystem::path recipient;  // a recipient's key file, from the safe
  // Which one, for people: never the key.
  std::string describe() const;
};

// Neither: LIFEBOAT_PASSPHRASE. `usage` when there is none or both.
Result<repository::Credential> credential_of(const Setup& setup, const GivenKey& given);

}  // namespace lifeboat::service
