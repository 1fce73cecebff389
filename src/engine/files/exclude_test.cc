#include "engine/files/exclude.h"

#include <gtest/gtest.h>

#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

bool excluded(std::vector<std::string> patterns, std::string_view path, bool is_folder = false) {
  const auto rules = ExcludeRules::compile(patterns);
  EXPECT_TRUE(rules) << rules.error().describe();
  return rules && rules->excludes(path, is_folder);
}

TEST(ExcludeRules, APatternWithoutASlashMatchesAtAnyDepth) {
  EXPECT_TRUE(excluded({"*.tmp"}, "a.tmp"));
  EXPECT_TRUE(excluded({"*.tmp"}, "x/y/a.tmp"));
  EXPECT_FALSE(excluded({"*.tmp"}, "a.tmp.keep"));
}

TEST(ExcludeRules, ASlashInsideTiesThePatternToTheTop) {
  EXPECT_TRUE(excluded({"/cache"}, "cache"));
  EXPECT_FALSE(excluded({"/cache"}, "x/cache"));
  EXPECT_TRUE(excluded({"a/b"}, "a/b"));
  EXPECT_FALSE(excluded({"a/b"}, "x/a/b"));
  EXPECT_FALSE(excluded({"a/b"}, "a/b/c"));
}

TEST(ExcludeRules, ATrailingSlashMeansFoldersOnly) {
  EXPECT_TRUE(excluded({"cache/"}, "x/cache", true));
  EXPECT_FALSE(excluded({"cache/"}, "x/cache", false));
}

TEST(ExcludeRules, WhatIsInALeftOutFolderIsLeftOutWithIt) {
  const auto rules = ExcludeRules::compile({"/*", "!/.env", "!/data", "/data/cache/"});
  ASSERT_TRUE(rules);
  for (const auto* path : {"app", "app/shop.db", "data/cache/a"})
    EXPECT_TRUE(rules->leaves_out(path, false)) << path;
  for (const auto* path : {".env", "data/shop.db", "data/cache"})
    EXPECT_FALSE(rules->leaves_out(path, false)) << path;
  EXPECT_TRUE(rules->leaves_out("data/cache", true));
}

TEST(ExcludeRules, StarsStayInANameAndDoubleStarsCrossFolders) {
  EXPECT_FALSE(excluded({"/a*c"}, "ab/c"));
  EXPECT_TRUE(excluded({"a/*/c"}, "a/b/c"));
  EXPECT_FALSE(excluded({"a/*/c"}, "a/b/b/c"));
  EXPECT_TRUE(excluded({"a/**/c"}, "a/b/b/c"));
  EXPECT_TRUE(excluded({"a/**/c"}, "a/c"));
  EXPECT_TRUE(excluded({"**/c"}, "c"));
  EXPECT_TRUE(excluded({"a/**"}, "a/b"));
  EXPECT_FALSE(excluded({"a/**"}, "a", true));
  EXPECT_TRUE(excluded({"a/**/b/**/c"}, "a/b/x/b/y/c"));
  EXPECT_FALSE(excluded({"a/**/b/**/c"}, "a/x/c"));
}

TEST(ExcludeRules, QuestionMarksSetsAndEscapes) {
  EXPECT_TRUE(excluded({"?.log"}, "1.log"));
  EXPECT_FALSE(excluded({"?.log"}, "12.log"));
  EXPECT_TRUE(excluded({"[a-c]x"}, "bx"));
  EXPECT_FALSE(excluded({"[a-c]x"}, "dx"));
  EXPECT_TRUE(excluded({"[!a-c]x"}, "dx"));
  EXPECT_FALSE(excluded({"[^a-c]x"}, "ax"));
  EXPECT_TRUE(excluded({"[]x]"}, "]"));
  EXPECT_TRUE(excluded({"[a\\]]"}, "]"));
  EXPECT_TRUE(excluded({"[a-]"}, "-"));
  EXPECT_TRUE(excluded({"\\*"}, "*"));
  EXPECT_FALSE(excluded({"\\*"}, "x"));
  EXPECT_TRUE(excluded({"\\!x"}, "!x"));
  EXPECT_TRUE(excluded({"\xff*"}, "\xff\n"));
}

TEST(ExcludeRules, TheLastPatternThatMatchesDecides) {
  EXPECT_FALSE(excluded({"*.log", "!keep.log"}, "keep.log"));
  EXPECT_TRUE(excluded({"*.log", "!keep.log"}, "other.log"));
  EXPECT_TRUE(excluded({"*.log", "!keep.log", "/keep.log"}, "keep.log"));
  EXPECT_FALSE(excluded({"/*", "!/a"}, "a", true));
}

TEST(ExcludeRules, RefusesPatternsThatCannotMatch) {
  for (const auto* pattern : {"", "/", "!", "a//b", "../x", "[a-z", "x\\", "a/./b"}) {
    const auto rules = ExcludeRules::compile({pattern});
    ASSERT_FALSE(rules) << pattern;
    EXPECT_EQ(rules.error().code(), Code::config_invalid);
    EXPECT_NE(rules.error().message().find(pattern), std::string::npos);
  }
}

TEST(ExcludeRules, ManyStarsDoNotTakeForEver) {
  const std::string pattern = "/**/*a*a*a*a*a*a*a*a*a*a*b/**/*a*a*a*a*a*a*a*c/x";
  std::string path;
  for (int i = 0; i < 200; ++i) path = join(path, std::string(200, 'a'));
  EXPECT_FALSE(excluded({pattern}, path));
}

TEST(CheckPath, TakesAnyBytesButNothingThatLeadsOut) {
  for (const auto* path : {"", "a", "a/b", "-rf", "a b\n", "\xff\xfe", "...", "a/..b"})
    EXPECT_TRUE(check_path(path)) << path;
  for (const auto* path : {"/", "/etc", "a/", "a//b", ".", "..", "a/../b", "./a", "a/."})
    EXPECT_EQ(check_path(path).error().code(), Code::corrupt) << path;
  EXPECT_FALSE(check_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(check_path(std::string(256, 'x')));
  EXPECT_TRUE(check_path(std::string(255, 'x')));
}

}  // namespace
}  // namespace lifeboat::engine::files
