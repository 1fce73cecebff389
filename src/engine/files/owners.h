#pragma once
// Names of users and groups, looked up once each. Thread-safe.
#include <sys/types.h>

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace lifeboat::engine::files {

class OwnerNames {
 public:
  // Empty when this host has no name for it. The reference lives as long as this.
  const std::string& user(uid_t uid);
  const std::string& group(gid_t gid);

 private:
  std::mutex mutex_;
  std::unordered_map<uid_t, std::string> users_;
  std::unordered_map<gid_t, std::string> groups_;
};

// The other way: who a recorded owner is on this host. A known name goes before the number.
class OwnerIds {
 public:
  uid_t user(const std::string& name, uid_t recorded);
  gid_t group(const std::string& name, gid_t recorded);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::optional<uid_t>> users_;
  std::unordered_map<std::string, std::optional<gid_t>> groups_;
};

}  // namespace lifeboat::engine::files
