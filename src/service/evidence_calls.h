#pragma once
// Signed records of drills and restores, for people: verified, rendered, signed off. Functions on
// files only need no configuration; all are thread-safe.
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "service/setup.h"

namespace lifeboat::service {

struct VerifyCall {
  std::vector<std::filesystem::path> files;  // several: records of one chain, in its order
  std::string key;                           // hex, PEM, or a file of either; empty: none is known
  std::string service;  // the service they must be of; empty: whichever they name
};
// {"records": [{"file", "evidence", "digest", "signer", "signer_key", "root_public"}],
// "key_known"}; what is not believed ends the list: {…, "doubt": {"file", "defect", "message"}},
// exit 1.
Result<Answer> verify_evidence(const Setup& setup, const VerifyCall& call);

}  // namespace lifeboat::service
