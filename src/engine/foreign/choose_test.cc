#include "engine/foreign/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace lifeboat::engine::foreign {
namespace {

using ::testing::HasSubstr;

std::string stamp_text(std::string_view name) {
  const auto stamp = stamp_in(name);
  if (!stamp) return "refused";
  return *stamp ? (*stamp)->date + " " + (*stamp)->time : "none";
}

TEST(ChoosingABackup, ReadsTheDateInAName) {
  EXPECT_EQ(stamp_text("shop-2026-11-20.tar.gz"), "2026-11-20 ");
  EXPECT_EQ(stamp_text("shop-20261120.db"), "2026-11-20 ");
  EXPECT_EQ(stamp_text("20261120-0300.zip"), "2026-11-20 03:00:00");
  EXPECT_EQ(stamp_text("mongo_2026-11-20_03-15-59.tar"), "2026-11-20 03:15:59");
  EXPECT_EQ(stamp_text("shop-2026-11-20T03:15:59Z.tar"), "2026-11-20 03:15:59");
  EXPECT_EQ(stamp_text("20261120031559.sql"), "2026-11-20 03:15:59");
  EXPECT_EQ(stamp_text("202611200315"), "2026-11-20 03:15:00");
  EXPECT_EQ(stamp_text("shop-2026-11-20.2.tar"), "2026-11-20 ");
}

TEST(ChoosingABackup, TakesOtherNumbersForNoDate) {
  for (const auto* name : {"shop.tar.gz", "shop-1.2.3.tar", "dump-1732160000.tar", "2026-13-01.tar",
                           "2026-02-30.tar", "id-120261120.tar", "202611209999999.tar", ""})
    EXPECT_EQ(stamp_text(name), "none") << name;
}

TEST(ChoosingABackup, RefusesTwoDatesInOneName) {
  EXPECT_EQ(stamp_text("2026-11-01_to_2026-11-20.tar"), "refused");
}

Candidate candidate(const std::string& name, int modified) {
  Candidate made;
  made.name = name;
  made.stamp = *stamp_in(name);
  made.modified = Time(std::chrono::seconds(modified));
  return made;
}

std::string newest(const std::vector<Candidate>& all) {
  const auto chosen = choose_newest(all);
  return chosen ? chosen->name : chosen.error().message();
}

TEST(ChoosingABackup, TheDateInTheNameCountsMoreThanTheFilesTime) {
  EXPECT_EQ(newest({candidate("a-2026-11-20.tar", 9), candidate("a-2026-11-21.tar", 1)}),
            "a-2026-11-21.tar");
  EXPECT_EQ(newest({candidate("a-2026-11-20_0400", 1), candidate("a-2026-11-20_0300", 2)}),
            "a-2026-11-20_0400");
}

TEST(ChoosingABackup, WithoutDatesTheFilesTimeCounts) {
  EXPECT_EQ(newest({candidate("a.tar", 1), candidate("b.tar", 3), candidate("c.tar", 2)}), "b.tar");
}

TEST(ChoosingABackup, RefusesWhatIsNotCertain) {
  EXPECT_THAT(newest({candidate("a-2026-11-20.tar", 1), candidate("b.tar", 2)}),
              HasSubstr("one name has a date and another has none"));
  EXPECT_THAT(newest({candidate("a.tar", 1), candidate("b.tar", 1)}), HasSubstr("both are as new"));
  EXPECT_THAT(newest({candidate("a-2026-11-20.tar", 1), candidate("b-2026-11-20.tar", 2)}),
              HasSubstr("both are as new"));
  EXPECT_THAT(newest({candidate("a-2026-11-20.tar", 1), candidate("b-2026-11-20_0300.tar", 2)}),
              HasSubstr("time of day"));
  EXPECT_EQ(newest({candidate("a-2026-11-20.tar", 1), candidate("b-2026-11-20.tar", 2),
                    candidate("c-2026-11-21.tar", 2)}),
            "c-2026-11-21.tar");
}

class BackupsInAFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.from = scratch_.path();
    options_.pattern = "shop-*.tar";
    options_.format = "tar";
  }
  void add(const std::string& name) {
    ASSERT_TRUE(write_file(scratch_.path() / name, view_of(std::string_view("x"))));
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    const auto all = candidates(options_);
    if (!all) return {all.error().describe()};
    for (const auto& each : *all) found.push_back(each.name);
    std::ranges::sort(found);
    return found;
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  Options options_;
};

TEST_F(BackupsInAFolder, AreThoseThatFitThePattern) {
  for (const auto* name : {"shop-1.tar", "shop-2.tar", "shop-3.tar.part", "other.tar"}) add(name);
  fs::create_directory(scratch_.path() / "shop-4.tar");
  fs::create_symlink("shop-1.tar", scratch_.path() / "shop-5.tar");
  EXPECT_THAT(names(), ::testing::ElementsAre("shop-1.tar", "shop-2.tar"));
  options_.format = "files";
  EXPECT_THAT(names(), ::testing::ElementsAre("shop-4.tar"));
}

TEST_F(BackupsInAFolder, AreMissedByName) {
  add("other.tar");
  EXPECT_EQ(candidates(options_).error().code(), Code::not_found);
  EXPECT_THAT(names()[0], HasSubstr("shop-*.tar"));
  options_.from = scratch_.path() / "nowhere";
  EXPECT_EQ(candidates(options_).error().code(), Code::not_found);
}

TEST_F(BackupsInAFolder, OneMayBeNamedItself) {
  add("shop.tar");
  fs::create_symlink("shop.tar", scratch_.path() / "latest.tar");
  options_.pattern.clear();
  options_.from = scratch_.path() / "latest.tar";
  EXPECT_THAT(names(), ::testing::ElementsAre("latest.tar"));
  options_.from = scratch_.path();
  EXPECT_EQ(candidates(options_).error().code(), Code::config_invalid);
}

}  // namespace
}  // namespace lifeboat::engine::foreign
