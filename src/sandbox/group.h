#pragma once
// A control group (version 2) of one cell, in which the kernel itself bounds what all of its
// processes use together, also between two counts of the agent. One thread at a time.
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "sandbox/options.h"

namespace lifeboat::sandbox {

class Group {
 public:
  // In the nearest group above that hands out memory and processes and lets one be made; nothing
  // where there is none. What it allows is a little more than the limits, which counting holds:
  // threads, what lies in /tmp and the agent itself are counted here too.
  static std::unique_ptr<Group> make(const Limits& limits, const std::filesystem::path& root = "/");
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();  // nothing may run in it any more

  // The process, and with it all that it starts from then on. False when it may not.
  bool take(pid_t process) const;
  // "memory" or "processes" when the kernel refused more of it since this was last asked; else "".
  std::string passed();
  // "/user.slice/lifeboat-7-0"
  const std::string& name() const { return name_; }

 private:
  Group(std::filesystem::path folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}
  static std::unique_ptr<Group> make_in(const std::filesystem::path& parent,
                                        const std::string& name);
  bool set(const char* file, const std::string& value) const;

  std::filesystem::path folder_;
  std::string name_;
  std::uint64_t kills_ = 0;     // for want of memory, and …
  std::uint64_t refusals_ = 0;  // … of another process or thread: those that were told
};

}  // namespace lifeboat::sandbox
