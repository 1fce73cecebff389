#include "engine/files/target.h"

#include <sys/xattr.h>

#include <thread>

#include "engine/files/scraps.h"
#include "engine/files/target_root.h"
#include "engine/files/test_entries.h"

namespace lifeboat::engine::files {
namespace {

TEST(FilesTarget, RefusesTheTopAndWhatIsNoFolder) {
  TestFolder folder;
  folder.write("file");
  folder.link("nowhere", "dangling");
  folder.link("loop", "loop");
  const auto nothing = capture_of({});
  auto options = folder.target();
  for (const auto& place : {std::string("/"), std::string("//./"), folder.at("file"),
                            folder.at("dangling"), folder.at("loop/below")}) {
    options.place = place;
    options.overwrite = true;
    EXPECT_EQ(code_of(folder.rebuild(nothing, options)), Code::refused) << place;
  }
}

TEST(FilesTarget, RefusesAFolderWithForeignThingsAndLeavesItAlone) {
  TestFolder folder;
  folder.write("restored/theirs");
  folder.set_mode("restored", 0755);
  EXPECT_EQ(code_of(folder.rebuild(capture_of({file("a")}), folder.target())), Code::refused);
  EXPECT_EQ(folder.mode("restored"), 0755U);
  EXPECT_FALSE(folder.exists("restored/" + std::string(kMarkerName)));
  EXPECT_TRUE(folder.exists("restored/theirs"));
}

TEST(FilesTarget, TakesAnEmptyFolderAndANewFileSystem) {
  TestFolder folder;
  folder.make_folder("restored/lost+found");
  folder.set_mode("restored", 0750);
  LIFEBOAT_OK(folder.rebuild(capture_of({file("a")}), folder.target()));
  EXPECT_EQ(folder.read("restored/a"), "text");
  EXPECT_EQ(folder.mode("restored"), 0750U);
}

TEST(FilesTarget, IsPrivateAndMarkedUntilItHasEnded) {
  TestFolder folder;
  const auto target = *folder.engine().open_target(folder.target("new/place"));
  LIFEBOAT_OK(target->prepare(folder.context()));
  EXPECT_EQ(folder.mode("new/place"), 0700U);
  const auto marker = "new/place/" + std::string(kMarkerName);
  EXPECT_NE(folder.read(marker).find("lifeboat restore"), std::string::npos);
  LIFEBOAT_OK(target->create(with_mode(folder_entry(""), 0751).info));
  LIFEBOAT_OK(target->finish(folder.context()));
  EXPECT_FALSE(folder.exists(marker));
  EXPECT_EQ(folder.mode("new/place"), 0751U);
}

TEST(FilesTarget, IsMarkedWithItsSnapshotAlsoOverAnOlderMark) {
  TestFolder folder;
  const auto place = folder.at("restored");
  EXPECT_FALSE(unfinished_snapshot(place));
  folder.write("restored/" + std::string(kMarkerName), "Words without an id.\n");
  EXPECT_EQ(unfinished_snapshot(place), "");
  for (const auto* id : {"12ab", "34cd"}) {
    auto options = folder.target();
    options.snapshot = id;
    const auto target = *open_files_target(options);
    LIFEBOAT_OK(target->prepare(folder.context()));
    EXPECT_EQ(unfinished_snapshot(place), id);
  }
}

TEST(FilesTarget, ASecondRestoreIntoTheSameFolderIsBusy) {
  TestFolder folder;
  const auto first = *folder.engine().open_target(folder.target());
  const auto second = *folder.engine().open_target(folder.target());
  LIFEBOAT_OK(first->prepare(folder.context()));
  EXPECT_EQ(second->prepare(folder.context()).error().code(), Code::busy);
}

TEST(FilesTarget, AnInterruptedRestoreGoesOnAndLeavesNoScraps) {
  TestFolder folder;
  const auto capture = capture_of({folder_entry(""), folder_entry("d"), file("d/a"), file("d/b")});
  {
    const auto target = *folder.engine().open_target(folder.target());
    LIFEBOAT_OK(target->prepare(folder.context()));
    LIFEBOAT_OK(target->create(capture.entries[1].info));
    auto sink = *target->create(capture.entries[2].info);
    LIFEBOAT_OK(contract::fill(*sink, capture.entries[2].content));
  }
  folder.write("restored/d/" + temporary_name(), "half");
  folder.write("restored/d/b", "hal");
  LIFEBOAT_OK(folder.rebuild(capture, folder.target()));
  EXPECT_EQ(folder.read("restored/d/b"), "text");
  EXPECT_EQ(folder.facts()["files"], 2);
}

TEST(FilesTarget, ASinkThatIsGivenUpLeavesNothing) {
  TestFolder folder;
  const auto target = *folder.engine().open_target(folder.target());
  LIFEBOAT_OK(target->prepare(folder.context()));
  auto sink = *target->create(file("a").info);
  LIFEBOAT_OK(sink->write(0, view_of("te")));
  sink.reset();
  EXPECT_FALSE(folder.exists("restored/a"));
}

TEST(FilesTarget, ContentLongerThanItsSizeIsCorrupt) {
  TestFolder folder;
  const auto target = *folder.engine().open_target(folder.target());
  LIFEBOAT_OK(target->prepare(folder.context()));
  const auto sink = *target->create(file("a", "12345").info);
  EXPECT_EQ(sink->write(3, view_of("456")).error().code(), Code::corrupt);
  EXPECT_EQ(sink->write(~0ULL, view_of("4")).error().code(), Code::corrupt);
  EXPECT_TRUE(sink->write(3, view_of("45")));
}

TEST(FilesTarget, AHostileSnapshotCannotWriteOutside) {
  TestFolder folder;
  folder.make_folder("outside");
  const std::vector<std::vector<Carried>> attacks{
      {file("../outside/x")},
      {file("/" + folder.at("outside/x"))},
      {folder_entry("a"), file("a/../../outside/x")},
      {made(EntryKind::symlink, "a", "../outside"), file("a/x")},
      {made(EntryKind::symlink, "a", "../outside"), folder_entry("a/d")},
      {made(EntryKind::symlink, "a", "../outside"), made(EntryKind::symlink, "a/x", "y")},
      {file("f"), file("f/x")},
      {made(EntryKind::hardlink, "x", "../outside/y")},
      {file(std::string(kMarkerName))},
      {file("a/" + temporary_name())},
  };
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    const auto place = "restored" + std::to_string(i);
    EXPECT_EQ(code_of(folder.rebuild(capture_of(attacks[i]), folder.target(place))), Code::corrupt)
        << i;
    EXPECT_TRUE(fs::is_empty(folder.at("outside"))) << i;
  }
}

TEST(FilesTarget, ALinkAlreadyInTheTargetIsNotFollowedEither) {
  TestFolder folder;
  folder.write("outside/x", "theirs");
  folder.make_folder("restored");
  folder.link("../outside", "restored/a");
  folder.link("../outside/x", "restored/b");
  auto options = folder.target();
  options.overwrite = true;
  EXPECT_EQ(code_of(folder.rebuild(capture_of({file("a/x")}), options)), Code::refused);
  LIFEBOAT_OK(folder.rebuild(capture_of({folder_entry("a"), file("a/x"), file("b")}), options));
  EXPECT_EQ(folder.read("outside/x"), "theirs");
  EXPECT_EQ(folder.read("restored/a/x"), "text");
  EXPECT_EQ(folder.read("restored/b"), "text");
}

TEST(FilesTarget, DamagedMetadataNamesThePath) {
  TestFolder folder;
  auto entry = file("a");
  entry.info.metadata.resize(7);
  const auto result = folder.rebuild(capture_of({entry}), folder.target());
  ASSERT_EQ(code_of(result), Code::corrupt);
  EXPECT_EQ(result.error().describe().substr(0, 2), "a:");
}

TEST(FilesTarget, MakesHolesAgainForRunsOfZeros) {
  TestFolder folder;
  const std::string zeros(8U << 20U, '\0');
  auto sparse = file("sparse", "begin" + zeros + "end" + zeros);
  auto dense = file("dense", sparse.info.path + zeros);
  sparse = with(sparse, [](Metadata& metadata) { metadata.sparse = true; });
  LIFEBOAT_OK(folder.rebuild(capture_of({sparse, dense}), folder.target()));
  EXPECT_EQ(folder.read("restored/sparse"), to_text(sparse.content));
  EXPECT_LT(folder.status("restored/sparse").st_blocks, 100);
  EXPECT_GT(folder.status("restored/dense").st_blocks, 10'000);
}

TEST(FilesTarget, TimesComeBackToTheNanosecondAlsoOfFoldersAndLinks) {
  TestFolder folder;
  auto old = file("d/old");
  old.info.modified_ns = -1'500'000'000;
  const auto link = made(EntryKind::symlink, "d/link", "x");
  LIFEBOAT_OK(folder.rebuild(capture_of({folder_entry(""), folder_entry("d"), old, link}),
                             folder.target()));
  EXPECT_EQ(folder.status("restored/d/old").st_mtim.tv_sec, -2);
  EXPECT_EQ(folder.status("restored/d/old").st_mtim.tv_nsec, 500'000'000);
  for (const auto* path : {"restored", "restored/d", "restored/d/link"}) {
    EXPECT_EQ(folder.status(path).st_mtim.tv_sec, 1'000'000'000) << path;
    EXPECT_EQ(folder.status(path).st_mtim.tv_nsec, 1) << path;
  }
}

TEST(FilesTarget, FillsFoldersThatMayNotBeWrittenInTheEnd) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  const auto capture =
      capture_of({folder_entry(""), with_mode(folder_entry("d"), 0555),
                  with_mode(folder_entry("d/e"), 0), file("d/e/a"), with_mode(file("d/b"), 0)});
  LIFEBOAT_OK(folder.rebuild(capture, folder.target()));
  EXPECT_EQ(folder.mode("restored/d"), 0555U);
  EXPECT_EQ(folder.mode("restored/d/e"), 0U);
  folder.set_mode("restored/d/e", 0755);
  folder.set_mode("restored/d", 0755);
  EXPECT_EQ(folder.read("restored/d/e/a"), "text");
  // And once more over itself, where the folders are shut already.
  folder.set_mode("restored/d", 0555);
  auto options = folder.target();
  options.overwrite = true;
  LIFEBOAT_OK(folder.rebuild(capture, options));
  EXPECT_EQ(folder.mode("restored/d"), 0555U);
  folder.set_mode("restored/d", 0755);
  folder.set_mode("restored/d/e", 0755);
}

TEST(FilesTarget, WhatOnlyRootCouldGiveAwayIsSaidOnceAndItsRightsAreDropped) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  const auto foreign = [](Metadata& metadata) {
    metadata.uid = 0;
    metadata.gid = 0;
    metadata.mode |= 06000U;
  };
  const auto capture = capture_of({with(file("a"), foreign), with(file("b"), foreign)});
  const auto findings = rebuild_findings(folder, capture, folder.target());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "owner-not-restored");
  EXPECT_EQ(findings[0].subject, "a");
  EXPECT_NE(findings[0].message.find("1 other"), std::string::npos);
  EXPECT_EQ(folder.mode("restored/a"), 0644U);
}

TEST(FilesTarget, ADeviceThatOnlyRootCanMakeIsAFinding) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  auto device = with(file("null"), [](Metadata& metadata) {
    metadata.mode = S_IFBLK | 0600U;
    metadata.device_major = 1;
  });
  device.info.kind = EntryKind::special;
  device.info.size = 0;
  const auto findings = rebuild_findings(folder, capture_of({device}), folder.target());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "special-not-restored");
  EXPECT_TRUE(findings[0].incomplete);
}

// The form of the kernel: version 2, then (tag, permissions, id) of owner, user 1000, group, mask,
// others.
Bytes acl_bytes() {
  ByteWriter acl;
  acl.u32(2);
  const auto none = ~0U;
  acl.u16(1).u16(6).u32(none).u16(2).u16(4).u32(1000);
  acl.u16(4).u16(4).u32(none).u16(16).u16(4).u32(none).u16(32).u16(0).u32(none);
  return acl.take();
}

TEST(FilesTarget, AttributesAndAccessListsComeBack) {
  TestFolder folder;
  folder.write("live/a", "x", 0444);
  folder.make_folder("live/d");
  const auto acl = acl_bytes();
  const auto set = [&](const char* path, const char* name, ByteView value) {
    return ::setxattr(folder.at(path).c_str(), name, value.data(), value.size(), 0);
  };
  ASSERT_EQ(::chmod(folder.at("live/a").c_str(), 0644), 0);
  ASSERT_EQ(set("live/a", "user.x", view_of("y")), 0);
  ASSERT_EQ(set("live/a", "system.posix_acl_access", acl), 0);
  ASSERT_EQ(set("live/d", "system.posix_acl_default", acl), 0);
  folder.write("live/d/inherits");
  folder.set_mode("live/a", 0444);
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  LIFEBOAT_OK(folder.rebuild(*capture, folder.target()));
  EXPECT_EQ(folder.facts(), capture->outcome.facts);
  ASSERT_EQ(::removexattr(folder.at("restored/a").c_str(), "system.posix_acl_access"), 0);
  EXPECT_NE(folder.facts()["attributes_digest"], capture->outcome.facts["attributes_digest"]);
}

TEST(FilesTarget, ADefaultAccessListOfTheTargetDoesNotLeakIntoIt) {
  TestFolder folder;
  folder.write("live/d/a");
  folder.make_folder("restored");
  const auto acl = acl_bytes();
  ASSERT_EQ(::setxattr(folder.at("restored").c_str(), "system.posix_acl_default", acl.data(),
                       acl.size(), 0),
            0);
  const auto capture = folder.capture();
  LIFEBOAT_OK(folder.rebuild(*capture, folder.target()));
  EXPECT_EQ(folder.facts(), capture->outcome.facts);
}

TEST(FilesTarget, AHardLinkWithoutItsFirstNameIsAFinding) {
  TestFolder folder;
  const auto findings = rebuild_findings(
      folder, capture_of({made(EntryKind::hardlink, "b", "a"), file("c")}), folder.target());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "hardlink-not-restored");
  EXPECT_TRUE(findings[0].incomplete);
}

TEST(FilesTarget, MakesTheFoldersAboveAPartItself) {
  TestFolder folder;
  LIFEBOAT_OK(folder.rebuild(capture_of({file("a/b/c")}), folder.target()));
  EXPECT_EQ(folder.read("restored/a/b/c"), "text");
}

TEST(FilesTarget, SeveralThreadsFillIt) {
  TestFolder folder;
  const auto target = *folder.engine().open_target(folder.target());
  LIFEBOAT_OK(target->prepare(folder.context()));
  for (int i = 0; i < 200; ++i)
    LIFEBOAT_OK(target->create(folder_entry("d" + std::to_string(i)).info));
  const auto fill = [&](int from) {
    for (int i = from; i < 200; i += 4) {
      const auto entry = file("d" + std::to_string(i) + "/f");
      const auto sink = target->create(entry.info);
      EXPECT_TRUE(sink && contract::fill(**sink, entry.content));
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(fill, i);
  }
  LIFEBOAT_OK(target->finish(folder.context()));
  EXPECT_EQ(folder.facts()["files"], 200);
}

}  // namespace
}  // namespace lifeboat::engine::files
