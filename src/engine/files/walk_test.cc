#include "engine/files/walk.h"

#include <sys/mount.h>

#include "engine/files/exclude.h"
#include "engine/files/path.h"
#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {
namespace {

using Paths = std::vector<std::string>;

Folder open_top(const std::string& path) {
  return std::make_shared<const FileDescriptor>(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
}

struct Walked {
  Paths paths;
  std::vector<Finding> findings;
  std::size_t most_open = 0;
};

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

Walked walk(TestFolder& folder, const WalkRules& rules = {}, std::size_t limit = 128) {
  Walked walked;
  OpenFolders folders(open_top(folder.at()), limit);
  Findings findings;
  Walk walk(folders, rules, findings);
  for (;;) {
    const auto visit = walk.next(folder.context());
    if (!visit || !*visit) {
      EXPECT_TRUE(visit) << visit.error().describe();
      break;
    }
    walked.paths.push_back((*visit)->path);
    if (walked.paths.size() % 50 == 0)
      walked.most_open = std::max(walked.most_open, open_descriptors());
  }
  walked.findings = findings.take();
  return walked;
}

TEST(Walk, VisitsFoldersBeforeTheirContentsInSortedOrder) {
  TestFolder folder;
  folder.write("b/x");
  folder.write("b.txt");
  folder.write("a/z/deep");
  folder.write("a/c");
  EXPECT_EQ(walk(folder).paths, (Paths{"", "a", "a/c", "a/z", "a/z/deep", "b", "b/x", "b.txt"}));
}

TEST(Walk, DoesNotFollowLinksAndAcceptsOddNames) {
  TestFolder folder;
  folder.write("-rf");
  folder.write("new\nline");
  folder.write("\xff\xfe");
  folder.write(std::string(255, 'n'));
  folder.link("/", "link");
  EXPECT_EQ(walk(folder).paths,
            (Paths{"", "-rf", "link", "new\nline", std::string(255, 'n'), "\xff\xfe"}));
}

TEST(Walk, ListsAWideFolderInBatchesOfBoundedSize) {
  TestFolder folder;
  Paths expected{""};
  for (int i = 100; i < 200; ++i) {
    folder.write("f" + std::to_string(i));
    expected.push_back("f" + std::to_string(i));
  }
  for (const std::size_t batch : {1U, 3U, 50U, 99U, 100U, 101U}) {
    WalkRules rules;
    rules.batch = batch;
    EXPECT_EQ(walk(folder, rules).paths, expected) << batch;
  }
}

TEST(Walk, ListsOnWhereItWasWhenOuterFoldersWereForgotten) {
  TestFolder folder;
  Paths expected{""};
  std::string path;
  for (int level = 0; level < 12; ++level) {
    path = join(path, "m");
    folder.make_folder(path);
    folder.write(join(parent_of(path), "a"));
    folder.write(join(parent_of(path), "z"));
  }
  const auto all = walk(folder);
  EXPECT_EQ(all.paths.size(), 1U + 12U * 3U);
  WalkRules rules;
  rules.open_levels = 2;
  rules.batch = 2;
  EXPECT_EQ(walk(folder, rules, 4).paths, all.paths);
}

// Deeper than PATH_MAX: no path from the top can be given to the kernel.
void make_deep(const std::string& top, int levels) {
  auto folder = open_top(top);
  for (int level = 0; level < levels; ++level) {
    ASSERT_EQ(::mkdirat(folder->get(), "a-rather-long-name", 0755), 0);
    auto next = open_folder(folder->get(), "a-rather-long-name");
    ASSERT_TRUE(next);
    folder = *next;
  }
  const FileDescriptor last(::openat(folder->get(), "bottom", O_CREAT | O_WRONLY, 0644));
  ASSERT_TRUE(bool(last));
}

TEST(Walk, GoesDeeperThanAnyPathMayBeWithFewDescriptors) {
  TestFolder folder;
  make_deep(folder.at(), 400);
  const auto before = open_descriptors();
  const auto walked = walk(folder, {}, 16);
  EXPECT_EQ(walked.paths.size(), 402U);
  EXPECT_GT(walked.paths.back().size(), 7'000U);
  EXPECT_TRUE(walked.findings.empty());
  EXPECT_LT(walked.most_open, before + 16 + 32 + 8);
}

TEST(Walk, LeavesExcludedFoldersAloneAndCountsThem) {
  TestFolder folder;
  folder.write("cache/x");
  folder.write("keep/cache.txt");
  const auto rules = ExcludeRules::compile({"cache/", "*.tmp"});
  WalkRules walk_rules;
  walk_rules.exclude = &*rules;
  EXPECT_EQ(walk(folder, walk_rules).paths, (Paths{"", "keep", "keep/cache.txt"}));
}

TEST(Walk, WhatItMayNotReadIsAFindingAndTheRestIsVisited) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  folder.write("a/secret/x");
  folder.write("b");
  folder.set_mode("a/secret", 0);
  const auto walked = walk(folder);
  folder.set_mode("a/secret", 0755);
  EXPECT_EQ(walked.paths, (Paths{"", "a", "a/secret", "b"}));
  ASSERT_EQ(walked.findings.size(), 1U);
  EXPECT_EQ(walked.findings[0].code, "file-unreadable");
  EXPECT_EQ(walked.findings[0].subject, "a/secret");
  EXPECT_TRUE(walked.findings[0].incomplete);
}

TEST(Walk, AFolderThatBecomesALinkIsNotEntered) {
  TestFolder folder;
  folder.write("a/inside");
  OpenFolders folders(open_top(folder.at()));
  Findings findings;
  Walk walk(folders, {}, findings);
  ASSERT_TRUE(walk.next(folder.context()));
  EXPECT_EQ((*walk.next(folder.context()))->path, "a");
  fs::rename(folder.at("a"), folder.at("b"));
  folder.link("/etc", "a");
  EXPECT_FALSE(*walk.next(folder.context()));
  EXPECT_EQ(findings.take().at(0).subject, "a");
}

TEST(Walk, StopsWhenAsked) {
  TestFolder folder;
  folder.write("a");
  OpenFolders folders(open_top(folder.at()));
  Findings findings;
  Walk walk(folders, {}, findings);
  folder.test().stop.request_stop();
  ASSERT_TRUE(walk.next(folder.context()));
  EXPECT_EQ(walk.next(folder.context()).error().code(), Code::interrupted);
}

TEST(Findings, AreBoundedAndSayHowManyMoreThereAre) {
  Findings findings;
  for (int i = 0; i < 1500; ++i) findings.add({"file-unreadable", "x", "", i == 1400});
  const auto taken = findings.take();
  ASSERT_EQ(taken.size(), 1001U);
  EXPECT_EQ(taken.back().message, "and 500 more like these");
  EXPECT_TRUE(taken.back().incomplete);
}

TEST(OpenFolders, NeverOpensThroughALinkNorAboveTheTop) {
  TestFolder folder;
  folder.make_folder("top/a/b");
  folder.make_folder("outside/b");
  folder.link("../outside", "top/link");
  OpenFolders folders(open_top(folder.at("top")), 4);
  EXPECT_TRUE(folders.open("a/b"));
  EXPECT_EQ(folders.open("link/b").error().code(), Code::refused);
  EXPECT_EQ(folders.open("a/none").error().code(), Code::not_found);
}

TEST(RootWalk, StaysOnOneFileSystemWhenAsked) {
  TestFolder folder;
  folder.make_folder("mounted");
  folder.write("z");
  ASSERT_EQ(::mount("none", folder.at("mounted").c_str(), "tmpfs", 0, "size=1m"), 0);
  folder.write("mounted/x");
  WalkRules rules;
  const auto everything = walk(folder, rules).paths;
  rules.one_file_system = true;
  const auto one = walk(folder, rules).paths;
  ASSERT_EQ(::umount(folder.at("mounted").c_str()), 0);
  EXPECT_EQ(everything, (Paths{"", "mounted", "mounted/x", "z"}));
  EXPECT_EQ(one, (Paths{"", "mounted", "z"}));
}

}  // namespace
}  // namespace lifeboat::engine::files
