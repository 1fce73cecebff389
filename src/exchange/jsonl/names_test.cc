#include "exchange/jsonl/names.h"

#include <gtest/gtest.h>

#include "base/test_context.h"

namespace lifeboat::exchange::jsonl {
namespace {

std::string name_of(const std::string& stem, const std::set<std::string>& known,
                    const Renames& renames = {}) {
  const auto named = name_files({stem}, known, renames);
  return named ? named->front().name : "(" + named.error().message() + ")";
}

TEST(BackupNames, AreMomentsInUtc) {
  EXPECT_EQ(backup_name(kNow), "backup_20251121_094500");
  EXPECT_EQ(backup_name(Time(std::chrono::seconds(0))), "backup_19700101_000000");
}

TEST(FileNames, AreReversible) {
  const std::vector<std::string> collections{"orders", "a/b", "..", "Twin", "twin", "a b", "100%"};
  const auto files = file_names(collections);
  EXPECT_EQ(files.at("orders"), "orders.jsonl");
  EXPECT_EQ(files.at("a b"), "a b.jsonl");
  std::vector<std::string> stems;
  for (const auto& [name, file] : files) stems.push_back(file.substr(0, file.size() - 6));
  const auto named = name_files(stems, {collections.begin(), collections.end()}, Renames{});
  ASSERT_TRUE(named) << named.error().describe();
  for (const auto& each : *named) EXPECT_EQ(files.at(each.name), each.stem + ".jsonl");
  EXPECT_EQ(named->size(), collections.size());
}

TEST(FileNames, OfTheScriptsAreRecoveredFromTheMetadata) {
  EXPECT_EQ(name_of("types_of_values", {"types of values"}), "types of values");
  EXPECT_EQ(name_of("a_b", {"a/b", "other"}), "a/b");
  EXPECT_EQ(name_of("a_b", {"a_b", "a/b"}), "a_b");
}

TEST(FileNames, ThatMayBeSeveralCollectionsAreAskedFor) {
  const auto named = name_files({"a_b"}, {"a/b", "a b"}, {});
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code(), Code::usage);
  EXPECT_NE(named.error().message().find("a b, a/b"), std::string::npos);
  EXPECT_EQ(name_of("a_b", {"a/b", "a b"}, {{"a_b", "a/b"}}), "a/b");
}

TEST(FileNames, ThatAScriptMayHaveAlteredAreUncertain) {
  const auto named =
      name_files({"audit_log", "orders", "types_of_values"}, {"types of values"}, {});
  ASSERT_TRUE(named);
  EXPECT_TRUE(named->at(0).uncertain);
  EXPECT_FALSE(named->at(1).uncertain);
  EXPECT_FALSE(named->at(2).uncertain);
  EXPECT_FALSE(name_files({"audit_log"}, {}, {{"audit_log", "audit log"}})->front().uncertain);
}

TEST(FileNames, AreNotTwoOfTheSameCollection) {
  const auto named = name_files({"a", "b"}, {}, {{"b", "a"}});
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code(), Code::refused);
}

TEST(Renames, NameAFileAndItsCollection) {
  const auto renames = parse_renames({"types_of_values.jsonl=types of values", "a=b=c"});
  ASSERT_TRUE(renames);
  EXPECT_EQ(renames->at("types_of_values"), "types of values");
  EXPECT_EQ(renames->at("a"), "b=c");
  for (const auto* wrong : {"", "a", "=b", "a="})
    EXPECT_EQ(parse_renames({wrong}).error().code(), Code::usage) << wrong;
  EXPECT_EQ(parse_renames({"a=b", "a.jsonl=c"}).error().code(), Code::usage);
}

TEST(Renames, OfAFileThatIsNotThereAreRefused) {
  const auto named = name_files({"orders"}, {}, {{"oders", "x"}});
  ASSERT_FALSE(named);
  EXPECT_NE(named.error().message().find("oders.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
