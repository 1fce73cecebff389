#include "engine/markers.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/file.h"
#include "base/test_context.h"

namespace lifeboat::engine {
namespace {

// Both kinds of source behave alike.
class Markers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    source_.type = GetParam();
    source_.path = (folder_.path() / "source").string();
    if (is_folder()) {
      ASSERT_TRUE(make_directories(source_.path));
    } else {
      run("CREATE TABLE orders (id INTEGER)");
    }
  }
  bool is_folder() const { return GetParam() == "files"; }
  void run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(source_.path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }
  Result<Marker> write() {
    test_.clock.advance(std::chrono::minutes(1));
    return write_marker(source_, kName, test_.context);
  }
  Result<std::optional<MarkerTrail>> read() {
    return read_markers({source_.type, source_.path, kName});
  }

  static constexpr const char* kName = "lifeboat_markers";
  ScratchDirectory folder_ = std::move(*ScratchDirectory::make());
  SourceOptions source_;
  TestContext test_;
};

TEST_P(Markers, AreNumberedWithoutAGap) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto marker = write();
    ASSERT_TRUE(marker) << marker.error().describe();
    EXPECT_EQ(marker->number, i);
  }
  const auto trail = read();
  ASSERT_TRUE(trail && *trail);
  EXPECT_EQ((*trail)->count, 5U);
  EXPECT_EQ((*trail)->newest.number, 5U);
  EXPECT_EQ((*trail)->newest.time, test_.clock.now());
  EXPECT_FALSE((*trail)->has_gap());
}

TEST_P(Markers, ASourceWithoutThemHasNone) {
  const auto trail = read();
  ASSERT_TRUE(trail) << trail.error().describe();
  EXPECT_FALSE(*trail);
}

TEST_P(Markers, OneThatIsLostInTheMiddleIsAGap) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(write());
  if (is_folder()) {
    const auto file = fs::path(source_.path) / kName;
    auto text = to_text(*read_file(file));
    const auto second = text.find('\n') + 1;
    text.erase(second, text.find('\n', second) + 1 - second);
    ASSERT_TRUE(write_file(file, view_of(text)));
  } else {
    run("DELETE FROM lifeboat_markers WHERE number = 2");
  }
  EXPECT_TRUE((*read())->has_gap());
}

TEST_P(Markers, ASourceThatIsNotThereIsNotMade) {
  source_.path += "-elsewhere";
  EXPECT_EQ(write().error().code(), Code::not_found);
  EXPECT_FALSE(fs::exists(source_.path));
}

TEST_P(Markers, WhatIsNotAMarkerIsSaid) {
  if (is_folder()) {
    ASSERT_TRUE(write_file(fs::path(source_.path) / kName, view_of("something else\n")));
  } else {
    run("CREATE TABLE lifeboat_markers (number TEXT, time TEXT);"
        "INSERT INTO lifeboat_markers VALUES ('x', 'y')");
  }
  EXPECT_EQ(read().error().code(), Code::corrupt);
}

INSTANTIATE_TEST_SUITE_P(Sources, Markers, testing::Values("sqlite", "files"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace lifeboat::engine
