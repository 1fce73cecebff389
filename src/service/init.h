#pragma once
// `lifeboat init`: a first configuration from what is found, and the repositories that a
// configuration names.
#include "base/run_context.h"
#include "service/setup.h"

namespace lifeboat::service {

struct InitRequest {
  std::filesystem::path directory;  // of the application; relative to the working directory
  std::filesystem::path output;     // the file to write
  std::string service;              // its name; empty = from the directory
  std::string repository;           // where snapshots go; empty = a place of this user
};

// Writes `output`, never over anything: `exists`. `not_found` when there is nothing to protect.
// {"file", "service", "repository", "sources": [{"name","type","path","reason"}], "foreign":
// [{"what","where"}],
//  "all_seen"}
Result<Answer> init_configuration(const Setup& setup, const InitRequest& request,
                                  const RunContext& context);

// Makes every repository of the configuration, or the named one, that is not there yet.
// {"repositories": [{"name", "medium", "id", "made"}]}
Result<Answer> init_repositories(const Setup& setup, const std::string& name,
                                 const RunContext& context);

struct RecoverRequest {
  std::string url;                  // of the repository
  std::filesystem::path key_file;   // opens it …
  std::filesystem::path recipient;  // … or this, a recipient's key file; neither:
                                    // LIFEBOAT_PASSPHRASE
  std::string service;              // empty: whichever was backed up last
  std::filesystem::path output;
};

// Writes the configuration that the newest snapshot carries, never over anything: `exists`.
// The repository that was opened gets the place and the key that opened it; null when the
// configuration has several and it cannot be told which: then none is changed.
// {"file", "snapshot", "services", "repository": name or null, "repositories"}
Result<Answer> recover_configuration(const Setup& setup, const RecoverRequest& request,
                                     const RunContext& context);

}  // namespace lifeboat::service
