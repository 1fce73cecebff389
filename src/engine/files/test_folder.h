#pragma once
// A scratch folder with what tests of the files engine do in it. Paths are relative to it. One test
// each.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/test_context.h"
#include "contract/carry.h"
#include "engine/all.h"
#include "engine/test_user.h"

namespace lifeboat::engine::files {

class TestFolder {
 public:
  std::string at(const std::string& path = "") const { return (folder_.path() / path).string(); }
  void write(const std::string& path, std::string_view text = "content", mode_t mode = 0644) {
    fs::create_directories(fs::path(at(path)).parent_path());
    const auto file = open_file(at(path), O_WRONLY | O_CREAT | O_TRUNC, mode);
    ASSERT_TRUE(file) << file.error().describe();
    ASSERT_TRUE(write_at(file->get(), 0, view_of(text)));
  }
  std::string read(const std::string& path) const {
    const auto bytes = read_file(at(path));
    return bytes ? to_text(*bytes) : "(" + bytes.error().message() + ")";
  }
  void make_folder(const std::string& path) { fs::create_directories(at(path)); }
  void link(const std::string& target, const std::string& path) {
    fs::create_symlink(target, at(path));
  }
  void set_mode(const std::string& path, mode_t mode) {
    ASSERT_EQ(::chmod(at(path).c_str(), mode), 0);
  }
  void set_time(const std::string& path, std::int64_t seconds, long nanoseconds = 0) {
    const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
    ASSERT_EQ(::utimensat(AT_FDCWD, at(path).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  struct stat status(const std::string& path) const {
    struct stat status{};
    EXPECT_EQ(::lstat(at(path).c_str(), &status), 0) << path;
    return status;
  }
  mode_t mode(const std::string& path) const { return status(path).st_mode & 07777U; }
  bool exists(const std::string& path) const {
    struct stat ignored{};
    return ::lstat(at(path).c_str(), &ignored) == 0;
  }

  SourceOptions source(const std::string& path = "live") const {
    SourceOptions options;
    options.name = "uploads";
    options.type = "files";
    options.path = at(path);
    return options;
  }
  TargetOptions target(const std::string& path = "restored") const {
    return {"uploads", "files", at(path), false, false};
  }
  Result<contract::Capture> capture(const SourceOptions& options) {
    return contract::capture(engine(), options, context());
  }
  Result<contract::Capture> capture() { return capture(source()); }
  Result<std::size_t> rebuild(const contract::Capture& capture, const TargetOptions& options) {
    return contract::rebuild(engine(), capture, options, context());
  }
  Json facts(const std::string& path = "restored") {
    const auto facts = contract::facts_of(engine(), at(path), context());
    EXPECT_TRUE(facts) << facts.error().describe();
    return facts ? *facts : Json();
  }
  static const Engine& engine() { return **find_engine("files"); }
  const RunContext& context() { return test_.context; }
  TestContext& test() { return test_; }

 private:
  TestContext test_;
  ScratchDirectory folder_ = ScratchDirectory::make().value();
};

inline const Finding* find(const std::vector<Finding>& findings, const std::string& code) {
  const auto found = std::ranges::find(findings, code, &Finding::code);
  return found == findings.end() ? nullptr : &*found;
}

inline std::vector<std::string> paths_of(const contract::Capture& capture) {
  std::vector<std::string> paths;
  for (const auto& each : capture.entries) paths.push_back(each.info.path);
  return paths;
}

}  // namespace lifeboat::engine::files
