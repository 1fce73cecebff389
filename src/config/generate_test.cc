#include "config/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json_value.h"
#include "config/schema.h"

namespace lifeboat::config {
namespace {

// With LIFEBOAT_UPDATE_GOLDEN=1 the documents are written anew instead.
void expect_document(const std::string& name, const std::string& text) {
  const auto path = fs::path(LIFEBOAT_SOURCE_DIR) / "docs/reference" / name;
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file(path, view_of(text), 0644));
    return;
  }
  const auto there = read_file(path);
  ASSERT_TRUE(there) << there.error().describe();
  EXPECT_EQ(to_text(*there), text) << "run config_test with LIFEBOAT_UPDATE_GOLDEN=1";
}

TEST(Generated, ReferenceIsWhatTheDocumentSays) {
  expect_document("configuration.md", reference_markdown());
}

TEST(Generated, JsonSchemaIsWhatTheDocumentSays) {
  expect_document("lifeboat.schema.json", json_schema());
}

TEST(Generated, JsonSchemaHasNoPlannedKeys) {
  const auto json = *parse_json(json_schema());
  const auto& service = json["properties"]["services"]["additionalProperties"]["properties"];
  EXPECT_TRUE(service.contains("sources"));
  EXPECT_FALSE(service.contains("plan"));
  EXPECT_FALSE(json["additionalProperties"].get<bool>());
}

TEST(Schema, HasARowForEveryParent) {
  for (const auto& row : schema()) {
    if (row.path.empty()) continue;
    const auto dot = row.path.rfind('.');
    const auto parent = dot == std::string_view::npos ? "" : row.path.substr(0, dot);
    EXPECT_NE(find_row(parent), nullptr) << row.path;
    EXPECT_EQ(find_row(row.path), &row) << row.path << " is there twice";
  }
}

TEST(Schema, SaysWhatEveryKeyMeans) {
  for (const auto& row : schema()) {
    if (row.type == Type::planned) continue;
    EXPECT_TRUE(row.about.ends_with('.')) << row.path;
    EXPECT_FALSE(row.required && !row.fallback.empty()) << row.path;
  }
}

}  // namespace
}  // namespace lifeboat::config
