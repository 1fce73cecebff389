#pragma once
// An isolated place made by this run for this run: a private directory that carries the run's
// random token, destroyed by it, with proof that it is gone. Not thread-safe; a Sandbox belongs to
// one run.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::sandbox {

struct SandboxSpec {
  std::filesystem::path parent;  // made when absent (0700)
  std::string purpose;           // "drill shop/nightly", for people who find it
  std::string token = {};        // of the run, where it has one already
};

// What was made and what is left of it.
struct TearDownProof {
  std::string token;
  std::vector<std::string> removed;    // what this run created and is verified gone
  std::vector<std::string> remaining;  // what could not be removed
  std::vector<std::string> kept = {};  // what somebody wants to look at, until then
  std::optional<Time> kept_until = {};
  bool vanished = false;  // somebody else removed, emptied or exchanged it before that
  bool clean() const { return remaining.empty() && !vanished; }
};

class Sandbox {
 public:
  static Result<Sandbox> provision(const SandboxSpec& spec, const RunContext& context);
  Sandbox(Sandbox&& other) noexcept;
  Sandbox& operator=(Sandbox&&) = delete;
  ~Sandbox();  // destroys what is still there

  const std::filesystem::path& directory() const { return directory_; }
  const std::string& token() const { return token_; }
  // `io_error` when what is in its place is not this run's any more.
  Result<void> check_own() const;
  // Removes only a directory whose token file says this run's token; anything else in its place
  // stays, and the sandbox has vanished.
  TearDownProof destroy();
  // Leaves it for a person; reap_orphans() removes it after that time.
  Result<TearDownProof> keep(Time until);

 private:
  Sandbox(std::filesystem::path directory, std::string token, FileDescriptor lock)
      : directory_(std::move(directory)), token_(std::move(token)), lock_(std::move(lock)) {}
  std::filesystem::path directory_;
  std::string token_;
  FileDescriptor lock_;  // held while the run lives: a sandbox whose lock is free is an orphan
};

// Removes the sandboxes under `parent` whose run has died, and those that were kept until before
// `now`; returns their directories.
Result<std::vector<std::string>> reap_orphans(const std::filesystem::path& parent, Time now);

// One that somebody kept.
struct Kept {
  std::filesystem::path directory;
  std::string purpose;
  Time until;
};
std::vector<Kept> list_kept(const std::filesystem::path& parent);

}  // namespace lifeboat::sandbox
