#pragma once
// Tests of what a user without rights sees, whoever runs them.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace lifeboat::engine {

// What root may do proves nothing of what others may: while this lives, a test run as root is
// nobody. The folder, which was root's, is opened to everybody.
class OrdinaryUser {
 public:
  explicit OrdinaryUser(const std::string& folder) {
    if (!was_root_) return;
    ::chmod(folder.c_str(), 0777);
    EXPECT_EQ(::setgroups(0, nullptr), 0);
    EXPECT_EQ(::setegid(kNobody), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
  ~OrdinaryUser() {
    if (!was_root_) return;
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::setegid(0), 0);
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  bool was_root_ = ::geteuid() == 0;
};

}  // namespace lifeboat::engine
