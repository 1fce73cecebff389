#include <gmock/gmock.h>
#include <sys/stat.h>

#include "drill/evidence.h"
#include "engine/files/metadata.h"
#include "service/compose.h"
#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class RestoreCalls : public TestShop {
 protected:
  Result<Answer> restored(const std::string& place, bool deletes = false) {
    test_.clock.advance(std::chrono::minutes(1));
    RestoreCall call;
    call.choice.service = "shop";
    call.to = {"uploads=" + at(place)};
    call.overwrite = call.delete_strangers = deletes;
    return restore(setup_, call, agree, context());
  }
  std::string read(const std::string& name) const {
    const auto bytes = read_file(at(name));
    return bytes ? to_text(*bytes) : "nothing";
  }
  // Of the newest record on this machine.
  Json record() const {
    fs::path newest;
    for (const auto& each : fs::directory_iterator(at("state/restores/shop")))
      newest = std::max(newest, each.path());
    const auto sealed = parse_json(read("state/restores/shop/" + newest.filename().string()));
    const auto believed = drill::verify_evidence(sealed ? *sealed : Json(), std::nullopt);
    return believed ? believed->evidence : Json();
  }
  std::vector<Json> statements() {
    const auto composition = compose(setup_);
    const auto repository = (*composition)->service.open_repository("local", context());
    std::vector<Json> bodies;
    const auto statements = (*repository)->statements("restored");
    for (const auto& each : *statements) bodies.push_back(each.body);
    return bodies;
  }
  void set_modes(fs::perms modes) {
    std::vector<fs::path> folders{at("repository")};
    for (const auto& each : fs::recursive_directory_iterator(at("repository")))
      if (each.is_directory()) folders.push_back(each.path());
    for (const auto& each : folders) fs::permissions(each, modes);
  }
  // A backup of a file with two names, of which the first could not be read.
  void back_up_a_name_alone() {
    const auto composition = compose(setup_);
    const auto repository = *(*composition)->service.open_repository("local", context());
    repository::SnapshotDraft draft;
    draft.service = "shop";
    draft.config = Json::object();
    const auto writer = *repository->begin(draft, context());
    const auto source = *writer->begin_source("uploads", "files");
    engine::files::Metadata metadata;
    metadata.mode = S_IFREG | 0644U;
    metadata.link = "a";
    repository::EntryRecord entry;
    entry.info.path = "b";
    entry.info.kind = EntryKind::hardlink;
    entry.info.metadata = engine::files::encode_metadata(metadata);
    ASSERT_TRUE(writer->add_entry(source, entry, context()));
    ASSERT_TRUE(writer->finish_source(source, {Json::object(), Json::object(), {}}, context()));
    ASSERT_TRUE(writer->commit(context().clock.now(), true, context()));
  }
};

TEST_F(RestoreCalls, WhatCouldNotBeBroughtBackIsNoSuccess) {
  backed_up();
  EXPECT_EQ(restored("whole")->exit_status, 0);
  test_.clock.advance(std::chrono::minutes(1));
  back_up_a_name_alone();
  const auto answer = restored("part");
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body["report"]["items"][0]["findings"][0]["code"], "hardlink-not-restored");
  EXPECT_EQ(answer->exit_status, 1);
}

TEST_F(RestoreCalls, TheNamedWayBackBringsBackWhatWasThere) {
  backed_up();
  ASSERT_TRUE(make_directories(at("back")));
  ASSERT_TRUE(write_file(at("back/mine"), view_of("mine")));
  const auto answer = restored("back", true);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(read("back/mine"), "nothing");
  const auto before = answer->body["before"]["id"].get<std::string>();
  EXPECT_EQ(answer->body["way_back"], "lifeboat restore shop --snapshot " + before.substr(0, 10) +
                                          " --to uploads=" + at("back") + " --delete");
  RestoreCall call;
  call.choice.service = "shop";
  call.choice.snapshot = before.substr(0, 10);
  call.to = {"uploads=" + at("back")};
  call.overwrite = call.delete_strangers = true;
  ASSERT_TRUE(restore(setup_, call, agree, context()));
  EXPECT_EQ(read("back/mine"), "mine");
  EXPECT_EQ(read("back/first"), "nothing");
}

TEST_F(RestoreCalls, WhatTheSnapshotExcludedIsNotDeleted) {
  const auto with = [&](const std::string& exclude) {
    ASSERT_TRUE(
        write_file(at("lifeboat.yaml"), view_of("version: 1\nservices:\n  shop:\n    sources:\n"
                                                "      uploads: {type: files, path: uploads" +
                                                exclude +
                                                "}\n    repositories: [local]\nrepositories:\n"
                                                "  local: {url: repository, key: {file: key}}\n")));
  };
  setup_.environment["TEMPORARY"] = "*.tmp";
  with(", exclude: [\"${TEMPORARY}\"]");
  backed_up();
  upload("a.tmp");
  upload("stranger");
  setup_.environment.erase("TEMPORARY");
  EXPECT_THAT(restored("uploads", true).error().describe(), HasSubstr("TEMPORARY"));
  EXPECT_EQ(read("uploads/stranger"), "upload stranger") << "nothing was begun";
  setup_.environment["TEMPORARY"] = "*.tmp";
  ASSERT_TRUE(restored("uploads", true));
  EXPECT_EQ(read("uploads/a.tmp"), "upload a.tmp");
  EXPECT_EQ(read("uploads/stranger"), "nothing");
  ASSERT_TRUE(fs::remove(at("uploads/a.tmp")));
  with("");
  backed_up();
  upload("a.tmp");
  ASSERT_TRUE(restored("uploads", true));
  EXPECT_EQ(read("uploads/a.tmp"), "nothing") << "a stranger like any other";
}

TEST_F(RestoreCalls, LeavesARecordHereAndInTheRepository) {
  backed_up();
  const auto answer = restored("back");
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_THAT(answer->body["record"].get<std::string>(), EndsWith(".json"));
  EXPECT_EQ(record()["outcome"], "restored");
  EXPECT_FALSE(record().contains("error"));
  ASSERT_EQ(statements().size(), 1U);
  EXPECT_EQ(statements()[0]["outcome"], "restored");
}

TEST_F(RestoreCalls, AFailedOneLeavesARecordTooWhichProvesNothing) {
  const auto key_is_proven = [&] {
    StatusCall call;
    call.service = "shop";
    return status(setup_, call, context())->body["watch"].dump().find("key-unproven") ==
           std::string::npos;
  };
  backed_up();
  fs::rename(at("repository/packs"), at("packs"));
  ASSERT_FALSE(restored("back"));
  EXPECT_EQ(record()["outcome"], "failed");
  EXPECT_THAT(record()["error"].get<std::string>(), Not(IsEmpty()));
  EXPECT_EQ(record()["items"][0]["place"], at("back"));
  ASSERT_EQ(statements().size(), 1U);
  EXPECT_EQ(statements()[0]["outcome"], "failed");
  EXPECT_FALSE(key_is_proven());
  fs::remove_all(at("repository/packs"));
  fs::rename(at("packs"), at("repository/packs"));
  ASSERT_TRUE(restored("back"));
  EXPECT_TRUE(key_is_proven());
}

TEST_F(RestoreCalls, AnInterruptedOneLeavesARecordThatSaysSo) {
  backed_up();
  std::stop_source stop;
  const RunContext stopped{stop.get_token(), test_.clock, test_.random, test_.progress, test_.log};
  RestoreCall call;
  call.choice.service = "shop";
  call.to = {"uploads=" + at("back")};
  const auto confirm = [&](const Json&) -> Result<void> {
    stop.request_stop();
    return {};
  };
  EXPECT_EQ(restore(setup_, call, confirm, stopped).error().code(), Code::interrupted);
  EXPECT_EQ(record()["outcome"], "interrupted");
  ASSERT_EQ(statements().size(), 1U);
}

TEST_F(RestoreCalls, EitherOfItsRecordsIsEnoughAndNoneIsSaid) {
  backed_up();
  set_modes(fs::perms::owner_read | fs::perms::owner_exec);
  const auto here = restored("one");
  set_modes(fs::perms::owner_all);
  ASSERT_TRUE(here) << here.error().describe();
  EXPECT_EQ(here->exit_status, 0);
  EXPECT_EQ(record()["outcome"], "restored");
  EXPECT_THAT(statements(), IsEmpty());

  ASSERT_TRUE(remove_tree(at("state/restores")));
  ASSERT_TRUE(write_file(at("state/restores"), view_of("in the way")));
  const auto there = restored("two");
  ASSERT_TRUE(there) << there.error().describe();
  EXPECT_EQ(there->exit_status, 0);
  EXPECT_EQ(there->body["record"], "");
  EXPECT_EQ(statements().size(), 1U);

  set_modes(fs::perms::owner_read | fs::perms::owner_exec);
  const auto nowhere = restored("three");
  set_modes(fs::perms::owner_all);
  ASSERT_TRUE(nowhere) << nowhere.error().describe();
  EXPECT_EQ(nowhere->exit_status, 1);
  EXPECT_FALSE(nowhere->body.contains("record"));
  EXPECT_THAT(nowhere->body["record_error"].get<std::string>(), HasSubstr("state/restores"));
  EXPECT_EQ(read("three/first"), "upload first") << "the data is there all the same";
}

}  // namespace
}  // namespace lifeboat::service
