#include "restore/wanted.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/all.h"
#include "engine/files/metadata.h"

namespace lifeboat::restore {
namespace {

repository::EntryRecord named(const std::string& path, const std::string& first = "") {
  engine::files::Metadata metadata;
  metadata.mode = S_IFREG | 0644U;
  metadata.link = first;
  repository::EntryRecord entry;
  entry.info.path = path;
  entry.info.kind = first.empty() ? EntryKind::file : EntryKind::hardlink;
  entry.info.metadata = engine::files::encode_metadata(metadata);
  return entry;
}

// What of these entries is taken where "b" was asked for, by the paths it is taken to.
std::vector<std::string> taken(const std::vector<repository::EntryRecord>& entries,
                               std::vector<Finding>& losses) {
  Wanted wanted(**engine::find_engine("files"), {"b"});
  for (const auto& each : entries) EXPECT_TRUE(wanted.look_at(each.info));
  EXPECT_TRUE(wanted.missing().empty());
  std::vector<std::string> paths;
  for (auto each : entries)
    if (const auto entry = wanted.take(std::move(each)); entry && *entry)
      paths.push_back((*entry)->info.path);
  losses = wanted.losses();
  return paths;
}

TEST(WantedEntries, OfANameWithoutItsContentAreALossAndNothingElse) {
  std::vector<Finding> losses;
  EXPECT_TRUE(taken({named("b", "a"), named("b/c", "a")}, losses).empty());
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].code, "hardlink-not-restored");
  EXPECT_EQ(losses[0].subject, "b");
  EXPECT_TRUE(losses[0].incomplete);
}

TEST(WantedEntries, OfANameWithItsContentAreThatContentAndFurtherNames) {
  std::vector<Finding> losses;
  const std::vector<std::string> both{"b", "b/c"};
  EXPECT_EQ(taken({named("a"), named("b", "a"), named("b/c", "a")}, losses), both);
  EXPECT_TRUE(losses.empty());
}

}  // namespace
}  // namespace lifeboat::restore
