#pragma once
// One run at a time for each service on this machine; the system lets go of it when a run dies.
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::service {

class ServiceLock {
 public:
  // Waits up to `wait`, then `busy` naming the run that holds it.
  static Result<ServiceLock> take(const std::filesystem::path& state, const std::string& service,
                                  Duration wait, const RunContext& context);

 private:
  explicit ServiceLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace lifeboat::service
