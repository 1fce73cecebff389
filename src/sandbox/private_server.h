#pragma once
// A server of this run alone: started in its sandbox from an engine's plan, reached by a Unix
// socket there, and killed with it. Belongs to one thread, whose end ends the server too.
#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::engine {
struct LaunchPlan;
}

namespace lifeboat::sandbox {

// A server's folder by a name that leaves room for a socket in it, however deep the folder lies: by
// this process's own descriptor where its path is too long. The name is good as long as this lives.
class ServerFolder {
 public:
  static Result<ServerFolder> open(const std::filesystem::path& directory);
  const std::string& name() const { return name_; }

 private:
  ServerFolder(FileDescriptor folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}
  FileDescriptor folder_;
  std::string name_;
};

class PrivateServer {
 public:
  // Waits until its socket answers. `unavailable` with the end of what it said when it ends before,
  // or does not within a minute.
  static Result<PrivateServer> start(const engine::LaunchPlan& plan, const RunContext& context);
  PrivateServer(PrivateServer&& other) noexcept;
  PrivateServer& operator=(PrivateServer&&) = delete;
  ~PrivateServer();  // killed, with all that it started

 private:
  explicit PrivateServer(pid_t process) : process_(process) {}
  pid_t process_;
};

// Where the program is: a path as it is, a name by the PATH. `not_found` names it.
Result<std::string> find_program(const std::string& program);

}  // namespace lifeboat::sandbox
