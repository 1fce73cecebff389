// A snapshot that another cannot be restored without stays until that one goes. Today's engines
// make none, so a head is written anew here.
#include "repository/session_object.h"
#include "repository/snapshot_object.h"
#include "repository/test_repository.h"
#include "repository/unlock.h"

namespace lifeboat::repository {
namespace {

class Needs : public testing::Test {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
    const auto one = back_up(*admin_, some_files(1), context());
    const auto two = back_up(*admin_, some_files(2), context());
    ASSERT_OK(one);
    ASSERT_OK(two);
    first_ = *one;
    second_ = *two;
  }
  const RunContext& context() { return place_.context(); }
  RoleKeys admin_keys() {
    const auto medium = place_.medium();
    const auto config = parse_config(place_.object("config"));
    return std::move(unlock(*medium, *config, TestPlace::key_of("admin"))->keys);
  }
  // The second snapshot says that it needs the first.
  void let_second_need_first() {
    const auto keys = admin_keys();
    const SessionRef ref{second_.writer, second_.seq};
    const auto object = place_.object(snapshot_key(ref));
    const auto session_object = place_.object(session_key(ref));
    const auto key = open_session_key(keys, *parse_session(keys, ref, session_object));
    ASSERT_OK(key);
    auto head = *read_session_end(keys, ref, object)->head;
    const auto body = *read_snapshot_body(keys, ref, object, key->view());
    head.info.needs = {first_.id.hex()};
    const auto anew = make_snapshot(keys, {ref, key->view(), &head, &body}, context().random);
    ASSERT_OK(anew);
    place_.replace(snapshot_key(ref), *anew);
    const auto list = admin_->snapshots(context());
    ASSERT_OK(list);
    second_ = list->snapshots.back();
    ASSERT_EQ(second_.needs, std::vector{first_.id.hex()});
  }

  TestPlace place_;
  RepositoryPointer admin_;
  SnapshotInfo first_;
  SnapshotInfo second_;
};

TEST_F(Needs, WhatAnotherNeedsIsNotForgottenBeforeIt) {
  let_second_need_first();
  const auto refused = admin_->forget(first_.id, "test", context());
  EXPECT_CODE(refused, Code::refused);
  EXPECT_NE(refused.error().describe().find("is needed by " + second_.id.hex()), std::string::npos);
  EXPECT_EQ(admin_->snapshots(context())->snapshots.size(), 2U);
  ASSERT_OK(admin_->forget(second_.id, "test", context()));
  ASSERT_OK(admin_->forget(first_.id, "test", context()));
}

TEST_F(Needs, WhatNobodyNeedsIsForgotten) {
  ASSERT_OK(admin_->forget(first_.id, "test", context()));
}

}  // namespace
}  // namespace lifeboat::repository
