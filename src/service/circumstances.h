#pragma once
// Under which release and which secrets something happens, as labels of a snapshot: secrets only as
// fingerprints under the repository's own key, which say nothing to who has not got that key.
// Stateless.
#include <map>
#include <string>

#include "base/run_context.h"
#include "repository/repository.h"

namespace lifeboat::service {

struct Circumstances {
  std::string release;                         // empty: not known
  std::map<std::string, std::string> secrets;  // by name; those that are set
};

// drill::kReleaseLabel and drill::kSecretLabel.
Result<std::map<std::string, std::string>> labels_of(const Circumstances& circumstances,
                                                     repository::Repository& repository);

}  // namespace lifeboat::service
