#include <gmock/gmock.h>

#include "service/evidence_calls.h"
#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SnapshotCalls : public TestShop {
 protected:
  static SnapshotChoice choice_of(const std::string& snapshot) {
    SnapshotChoice choice;
    choice.snapshot = snapshot;
    return choice;
  }
  std::string read(const std::string& snapshot, const std::string& path) {
    std::string text;
    const auto take = [&](ByteView part) -> Result<void> {
      text += to_text(part);
      return {};
    };
    const auto answer = read_entry(setup_, {choice_of(snapshot), path}, take, context());
    return answer ? text : answer.error().describe();
  }
  std::vector<std::string> list(const std::string& path) {
    std::vector<std::string> paths;
    const auto visit = [&](const Json& entry) -> Result<void> {
      paths.push_back(entry["path"].get<std::string>());
      return {};
    };
    const auto answer = list_entries(setup_, {choice_of("latest"), path}, visit, context());
    if (!answer) paths.push_back(answer.error().describe());
    return paths;
  }
};

TEST_F(SnapshotCalls, ReadsOneFileOfASnapshot) {
  backed_up();
  EXPECT_EQ(read("latest", "uploads/first"), "upload first");
  EXPECT_THAT(read("latest", "uploads/absent"), HasSubstr("has no uploads/absent"));
  EXPECT_THAT(read("latest", "absent"), HasSubstr("has no absent"));
}

TEST_F(SnapshotCalls, ListsWhatIsAtOrBelowAPath) {
  ASSERT_TRUE(make_directories(at("uploads/2026")));
  ASSERT_TRUE(write_file(at("uploads/2026/a"), view_of("a")));
  ASSERT_TRUE(write_file(at("uploads/20266"), view_of("b")));
  backed_up();
  EXPECT_THAT(list("uploads/2026"), ElementsAre("2026", "2026/a"));
  EXPECT_THAT(list("uploads/nowhere"), ElementsAre(HasSubstr("has no uploads/nowhere")));
}

TEST_F(SnapshotCalls, ComparesTwoSnapshots) {
  const auto first = backed_up();
  upload("second");
  ASSERT_TRUE(write_file(at("uploads/first"), view_of("changed")));
  backed_up();
  const auto answer = compare_snapshots(setup_, choice_of(first), "latest", context());
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body["added"], Json::array({"uploads/second"}));
  EXPECT_EQ(answer->body["changed"], Json::array({"uploads/first"}));
  EXPECT_EQ(answer->body["removed"], Json::array());
}

TEST_F(SnapshotCalls, SaysThingsOfASnapshot) {
  const auto id = backed_up();
  ASSERT_TRUE(say_of_snapshot(setup_, {choice_of(id), "note", "before the move"}, context()));
  ASSERT_TRUE(say_of_snapshot(setup_, {choice_of(id), "hold", "audit"}, context()));
  auto shown = show_snapshot(setup_, choice_of(id), context());
  ASSERT_TRUE(shown) << shown.error().describe();
  EXPECT_EQ(shown->body["snapshot"]["notes"], Json::array({"before the move"}));
  EXPECT_TRUE(shown->body["snapshot"]["held"]);
  test_.clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(say_of_snapshot(setup_, {choice_of(id), "released", ""}, context()));
  shown = show_snapshot(setup_, choice_of(id), context());
  EXPECT_FALSE(shown->body["snapshot"]["held"]);
}

TEST_F(SnapshotCalls, NamesASnapshotThatIsNotThere) {
  backed_up();
  const auto none = show_snapshot(setup_, choice_of("0123456789"), context());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::not_found);
  auto strange = choice_of("latest");
  strange.service = "shpo";
  EXPECT_THAT(std::string(show_snapshot(setup_, strange, context()).error().hint()),
              HasSubstr("shop"));
}

TEST_F(SnapshotCalls, VerifiesAndPrunesWhatIsThere) {
  const auto first = backed_up();
  backed_up();
  for (const auto* depth : {"objects", "hashes", "contents"}) {
    const auto verified = verify(setup_, "local", depth, context());
    ASSERT_TRUE(verified) << verified.error().describe();
    EXPECT_EQ(verified->exit_status, 0) << depth;
  }
  EXPECT_EQ(verify(setup_, "local", "deeply", context()).error().code(), Code::usage);
  ASSERT_TRUE(forget_named(setup_, {{}, {first}, false}, agree, context()));
  ASSERT_TRUE(prune(setup_, {"local", false, false, Duration(0)}, context()));
  EXPECT_EQ(verify(setup_, "local", "contents", context())->exit_status, 0);
}

TEST_F(SnapshotCalls, ADamagedRepositoryIsANo) {
  backed_up();
  for (const auto& entry : fs::recursive_directory_iterator(at("repository/packs")))
    if (entry.is_regular_file()) {
      fs::permissions(entry.path(), fs::perms::owner_all);
      ASSERT_TRUE(write_file(entry.path(), view_of("something else")));
    }
  const auto verified = verify(setup_, "local", "hashes", context());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->exit_status, 1);
}

TEST_F(SnapshotCalls, ADrillIsListedAndShownByItsId) {
  backed_up();
  drilled();
  const auto rows = list_drills(setup_, "shop")->body["drills"];
  ASSERT_EQ(rows.size(), 1U);
  const auto id = rows[0]["id"].get<std::string>();
  for (const auto& word : {std::string("latest"), id, id.substr(0, 6)})
    EXPECT_TRUE(show_drill(setup_, "shop", word)) << word;
  EXPECT_EQ(show_drill(setup_, "shop", "zzzz").error().code(), Code::not_found);
  const auto root = list_keys(setup_, "local", context())->body["root_public"].get<std::string>();
  const auto file = rows[0]["file"].get<std::string>();
  EXPECT_FALSE(verify_evidence(setup_, {{file}, root, ""})->body.contains("doubt"));
  EXPECT_TRUE(verify_evidence(setup_, {{file}, std::string(64, '0'), ""})->body.contains("doubt"));
}

TEST_F(SnapshotCalls, ARestoreIsPlannedConfirmedAndThenMade) {
  backed_up();
  RestoreCall call;
  call.choice.service = "shop";
  call.to = {"back"};
  const auto no = [](const Json&) -> Result<void> { return fail(Code::refused, "no"); };
  EXPECT_EQ(restore(setup_, call, no, context()).error().code(), Code::refused);
  EXPECT_FALSE(fs::exists(at("back")));
  call.dry_run = true;
  ASSERT_TRUE(restore(setup_, call, agree, context()));
  EXPECT_FALSE(fs::exists(at("back")));
  call.dry_run = false;
  const auto restored = restore(setup_, call, agree, context());
  ASSERT_TRUE(restored) << restored.error().describe();
  const auto record = restored->body["record"].get<std::string>();
  EXPECT_FALSE(verify_evidence(setup_, {{record}, "", ""})->body.contains("doubt"));
  call.to = {"one", "two"};
  EXPECT_EQ(restore(setup_, call, agree, context()).error().code(), Code::usage);
}

}  // namespace
}  // namespace lifeboat::service
