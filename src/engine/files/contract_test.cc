#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "contract/engine_contract.h"
#include "engine/all.h"

namespace lifeboat::engine::contract {
namespace {

struct FilesSubject {
  const Engine& engine() { return **find_engine("files"); }

  SourceOptions make_source(const fs::path& folder) {
    const auto top = folder / "uploads";
    fs::create_directories(top / "2024" / "empty");
    EXPECT_TRUE(write_file(top / "-rf", view_of("odd name"), 0640));
    EXPECT_TRUE(write_file(top / "2024" / "a\nb\xff", Bytes(70'000, 'x'), 0444));
    EXPECT_TRUE(write_file(top / "nothing", {}));
    fs::create_symlink("2024/nowhere", top / "link");
    fs::create_hard_link(top / "-rf", top / "2024" / "again");
    EXPECT_EQ(::mkfifo((top / "pipe").c_str(), 0620), 0);
    fs::permissions(top / "2024" / "empty", fs::perms(0555));
    SourceOptions options;
    options.name = "uploads";
    options.type = "files";
    options.path = top;
    return options;
  }
  TargetOptions target(const fs::path& folder) {
    return {"uploads", "files", folder / "restored", false, false};
  }
  SourceOptions absent(SourceOptions options) {
    options.path += "-absent";
    return options;
  }
  void change(const std::string& place) {
    EXPECT_TRUE(write_file(fs::path(place) / "nothing", view_of("something")));
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Files, EngineContract, FilesSubject);

}  // namespace
}  // namespace lifeboat::engine::contract
