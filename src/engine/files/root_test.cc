// These need root: they give files away, make devices and mount.
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "engine/files/scraps.h"
#include "engine/files/test_entries.h"

namespace lifeboat::engine::files {
namespace {

TEST(RootFilesTarget, OwnersAndDevicesComeBackAndFactsShowThem) {
  TestFolder folder;
  folder.write("live/a");
  ASSERT_EQ(::chown(folder.at("live/a").c_str(), 33, 4'000'001), 0);
  folder.set_mode("live/a", 04755);
  ASSERT_EQ(::mknod(folder.at("live/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  const auto findings = rebuild_findings(folder, *capture, folder.target());
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(folder.facts(), capture->outcome.facts);
  EXPECT_EQ(folder.mode("restored/a"), 04755U);
  EXPECT_EQ(folder.status("restored/null").st_rdev, makedev(1, 3));
  ASSERT_EQ(::chown(folder.at("restored/a").c_str(), 34, 4'000'001), 0);
  folder.set_mode("restored/a", 04755);
  const auto changed = folder.facts();
  EXPECT_NE(changed["owners_digest"], capture->outcome.facts["owners_digest"]);
  EXPECT_EQ(changed["tree_digest"], capture->outcome.facts["tree_digest"]);
}

TEST(RootFilesTarget, RemovingStrangersNeverGoesIntoAMount) {
  TestFolder folder;
  folder.make_folder("restored/theirs/mounted");
  const auto place = folder.at("restored/theirs/mounted");
  ASSERT_EQ(::mount("none", place.c_str(), "tmpfs", 0, "size=1m"), 0);
  folder.write("restored/theirs/mounted/precious");
  auto options = folder.target();
  options.overwrite = options.delete_strangers = true;
  const auto findings = rebuild_findings(folder, capture_of({folder_entry("")}), options);
  const bool kept = folder.exists("restored/theirs/mounted/precious");
  ASSERT_EQ(::umount(place.c_str()), 0);
  EXPECT_TRUE(kept);
  ASSERT_TRUE(find(findings, "stranger-kept"));
}

TEST(RootFilesTarget, AFullDiskIsSaidAndTheFolderStaysMarked) {
  TestFolder folder;
  folder.make_folder("restored");
  ASSERT_EQ(::mount("none", folder.at("restored").c_str(), "tmpfs", 0, "size=256k"), 0);
  const auto capture = capture_of({file("big", std::string(1U << 20U, 'x'))});
  const auto result = folder.rebuild(capture, folder.target());
  const bool marked = folder.exists("restored/" + std::string(kMarkerName));
  const bool half = folder.exists("restored/big");
  ASSERT_EQ(::umount(folder.at("restored").c_str()), 0);
  ASSERT_EQ(code_of(result), Code::no_space);
  EXPECT_NE(result.error().describe().find("big"), std::string::npos);
  EXPECT_TRUE(marked);
  EXPECT_FALSE(half);
}

}  // namespace
}  // namespace lifeboat::engine::files
