#pragma once
// For this room's tests: a service with a folder of uploads, a repository on disk and a key file,
// called as the command line calls it. One per test.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json_value.h"
#include "base/test_context.h"
#include "service/calls.h"
#include "service/init.h"

namespace lifeboat::service {

class TestShop : public testing::Test {
 protected:
  void SetUp() override {
    test_.clock.set(std::chrono::floor<Duration>(SystemClock().now()));
    setup_.working_directory = folder_.path();
    setup_.environment = {{"LIFEBOAT_STATE", at("state")}, {"LIFEBOAT_CACHE", at("cache")}};
    ASSERT_TRUE(make_key_file(setup_, "key", false));
    upload("first");
    configure();
    ASSERT_TRUE(init_repositories(setup_, "", context()));
  }

  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  const RunContext& context() { return test_.context; }
  void upload(const std::string& name) {
    ASSERT_TRUE(make_directories(at("uploads")));
    ASSERT_TRUE(write_file(at("uploads/" + name), view_of("upload " + name)));
  }
  void configure(const std::string& key = "{file: key}", const std::string& more = "") {
    const auto text =
        "version: 1\nservices:\n  shop:\n    sources:\n"
        "      uploads: {type: files, path: uploads}\n    repositories: [local]\n" +
        more + "repositories:\n  local: {url: repository, key: " + key + "}\n";
    ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
  }
  // The id of the snapshot; the clock goes on.
  std::string backed_up() {
    test_.clock.advance(std::chrono::minutes(1));
    const auto answer = back_up(setup_, "shop", context());
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? answer->body["repositories"][0]["snapshot"]["id"].get<std::string>() : "";
  }
  Json drill(const DrillCall& call, int expected) {
    test_.clock.advance(std::chrono::minutes(1));
    const auto answer = run_drill(setup_, call, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    if (!answer) return {};
    EXPECT_EQ(answer->exit_status, expected) << answer->body.dump();
    return answer->body;
  }
  static DrillCall shop() {
    DrillCall call;
    call.choice.service = "shop";
    return call;
  }
  void drilled() { drill(shop(), 0); }
  std::vector<std::string> snapshot_ids() {
    SnapshotChoice choice;
    choice.service = "shop";
    const auto answer = list_snapshots(setup_, choice, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    std::vector<std::string> ids;
    for (const auto& each : answer->body["snapshots"]) ids.push_back(each["id"].get<std::string>());
    return ids;
  }
  static Result<void> agree(const Json&) { return {}; }

  ScratchDirectory folder_ = ScratchDirectory::make().value();
  TestContext test_;
  service::Setup setup_;  // Test has a Setup of its own
};

}  // namespace lifeboat::service
