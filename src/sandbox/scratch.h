#pragma once
// The databases that one run makes on a server which others use too: named by the run's token, each
// with the token in it, dropped by this run, or by the next one when this one is killed. A note
// beside the sandboxes names them before they are made. Not thread-safe; belongs to one run.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/entry.h"
#include "base/secret.h"
#include "engine/mongodb/connection.h"
#include "sandbox/kept_address.h"
#include "sandbox/sandbox.h"

namespace lifeboat::sandbox {

struct ScratchSpec {
  fs::path parent;                    // where the note is: where the sandboxes are
  std::string purpose;                // "drill shop/nightly", for people who find them
  std::shared_ptr<const Secret> uri;  // of the server
  std::vector<std::string> sources;   // one database for each
};

class ScratchDatabases {
 public:
  // `refused` when there is a database of that name, `permission_denied` naming what this user
  // lacks.
  static Result<ScratchDatabases> make(const ScratchSpec& spec, const RunContext& context);
  ScratchDatabases(ScratchDatabases&& other) noexcept;
  ScratchDatabases& operator=(ScratchDatabases&&) = delete;
  ~ScratchDatabases();  // drops what is still there

  const std::string& token() const { return token_; }
  // Where the engine restores that source to, good as long as this lives; empty for another one.
  std::string place_of(const std::string& source) const;
  // Drops them, and says what is gone and what is not: that stays noted.
  void drop(TearDownProof& proof);

 private:
  ScratchDatabases() = default;
  Result<void> note(const ScratchSpec& spec, const RunContext& context);

  std::string token_;
  fs::path note_;
  FileDescriptor lock_;             // on the note, while the run lives
  std::optional<KeptAddress> uri_;  // for whoever opens the place
  std::unique_ptr<engine::mongodb::Server> server_;
  std::map<std::string, std::string> databases_;  // by source
};

// Drops what runs that died have left on this server, as their notes under `parent` say, and only
// what holds its run's token. Names what is left: also on other servers, and without one.
std::vector<Finding> reap_scratch(const fs::path& parent, const Secret* uri);

}  // namespace lifeboat::sandbox
