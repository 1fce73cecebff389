#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "engine/mongodb/test_logged_shop.h"
#include "service/service.h"
#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using engine::mongodb::DocumentBuilder;
using engine::mongodb::testing::Application;
using engine::mongodb::testing::document;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::ServerOptions;
using engine::mongodb::testing::TestServer;
using testing::HasSubstr;

// A shop on a server with a log, in one repository.
class LogCalls : public TestShop {
 protected:
  void SetUp() override {
    Application(server_.uri(), "local").create_capped("oplog.rs");
    live().insert("orders", many_documents(100));
    ASSERT_EQ(::setenv("LIFEBOAT_TEST_RESTORED", server_.uri("restored").c_str(), 1), 0);
    TestShop::SetUp();
    setup_.environment["MONGO_URI"] = server_.uri();
    configure_server();
  }
  void configure_server(const std::string& sources = "") {
    const auto text =
        "version: 1\nservices:\n  shop:\n    sources:\n"
        "      db: {type: mongodb, uri: \"${MONGO_URI}\", database: shop}\n" +
        sources +
        "    repositories: [local]\n"
        "repositories:\n  local: {url: repository, key: {file: key}}\n";
    ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
  }
  Application live() const { return {server_.uri(), "shop"}; }
  Json archive() {
    const auto answer = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? answer->body["repositories"][0]["logs"][0] : Json{};
  }
  // 0 is the newest. Once more, and it is whole again.
  void damage_piece(std::size_t from_newest) const {
    std::map<std::string, fs::path, std::greater<>> pieces;
    for (const auto& each : fs::recursive_directory_iterator(at("repository/logs")))
      if (each.is_regular_file()) pieces[each.path().filename()] = each.path();
    ASSERT_GT(pieces.size(), from_newest);
    const auto& piece = std::next(pieces.begin(), static_cast<std::ptrdiff_t>(from_newest))->second;
    auto bytes = read_file(piece).value();
    bytes[bytes.size() / 2] ^= 1U;
    fs::permissions(piece, fs::perms::owner_write, fs::perm_options::add);
    ASSERT_TRUE(write_file(piece, bytes));
  }
  // The moment that a person would read from a clock now; what is written after it is later.
  std::string now() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    const auto second = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    std::this_thread::sleep_until(second + std::chrono::seconds(1));
    return to_rfc3339(Time(second));
  }
  Result<Answer> restore_at(const std::string& moment, bool overwrite = true) {
    RestoreCall call;
    call.choice.service = "shop";
    (moment.find('T') == moment.npos ? call.choice.position : call.choice.at) = moment;
    call.to = {"db=env:LIFEBOAT_TEST_RESTORED"};
    call.overwrite = overwrite;
    call.snapshot_first = false;
    call.delete_strangers = overwrite;
    return restore(setup_, call, agree, context());
  }
  std::vector<Json> ranges() {
    const auto status = log_status(setup_, "shop", context());
    EXPECT_TRUE(status) << status.error().describe();
    return status ? status->body["repositories"][0]["ranges"].get<std::vector<Json>>()
                  : std::vector<Json>{};
  }
  // "2026-11-20T14:32:07Z (1763649127.4)"
  static std::string position_in(const Json& moment) {
    const auto text = moment.get<std::string>();
    const auto begin = text.find('(') + 1;
    return text.substr(begin, text.size() - begin - 1);
  }
  // How many orders there are after a restore to that moment.
  std::int64_t orders_at(const std::string& moment) {
    const auto answer = restore_at(moment);
    EXPECT_TRUE(answer) << answer.error().describe();
    if (!answer) return -1;
    last_ = answer->body;
    return orders_there();
  }
  std::int64_t orders_there() {
    const auto place = server_.uri("restored");
    const auto facts =
        engine::contract::facts_of(engine::mongodb::mongodb_engine(), place, context());
    return facts ? facts->at("collections").at("orders").at("documents").get<std::int64_t>() : -1;
  }

  TestServer server_{ServerOptions{.replica_set = "rs0"}};
  Json last_;
};

TEST_F(LogCalls, EverySecondBetweenTwoBackupsCanBeHad) {
  backed_up();
  const auto full = now();
  live().insert("orders", many_documents(10, 1000));
  const auto ten_more = now();
  EXPECT_EQ(archive()["pieces"], 1);
  live().remove_one("orders", 5);
  const auto one_less = now();
  live().drop("orders");
  live().insert("orders", {document(1, "after the accident")});
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(archive()["broken"], Json());
  EXPECT_EQ(orders_at(full), 100);
  EXPECT_EQ(orders_at(ten_more), 110);
  EXPECT_EQ(orders_at(one_less), 109);
  const auto& item = last_["report"]["items"][0];
  EXPECT_THAT(item["last_applied"].get<std::string>(), HasSubstr("Z ("));
  EXPECT_GT(item["log_entries"], 0);
  EXPECT_EQ(last_["items"][0]["moment"], one_less);
}

TEST_F(LogCalls, AMomentThatCannotBeHadIsAnsweredWithThoseThatCan) {
  backed_up();
  const auto before = restore_at("2001-01-01T00:00:00Z", false);
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code(), Code::not_restorable);
  EXPECT_THAT(std::string(before.error().hint()), HasSubstr("The first moment that can be had is"));
  const auto future = restore_at("2099-01-01T00:00:00Z", false);
  ASSERT_FALSE(future);
  EXPECT_EQ(future.error().code(), Code::not_restorable);
  EXPECT_THAT(future.error().describe(), HasSubstr("the log ends at"));
  EXPECT_THAT(std::string(future.error().hint()), HasSubstr("can be had"));
  EXPECT_EQ(restore_at("tomorrow", false).error().code(), Code::usage);
}

TEST_F(LogCalls, TheRangesThatCanBeHadAreListed) {
  const auto none = log_status(setup_, "shop", context())->body;
  EXPECT_TRUE(none["repositories"][0]["ranges"].empty());
  EXPECT_EQ(none["keeps_log"], true);
  backed_up();
  live().insert("orders", {document(2000)});
  std::this_thread::sleep_for(std::chrono::seconds(3));
  archive();
  const auto status = log_status(setup_, "shop", context());
  ASSERT_TRUE(status) << status.error().describe();
  const auto ranges = status->body["repositories"][0]["ranges"];
  ASSERT_EQ(ranges.size(), 1U) << ranges.dump();
  EXPECT_EQ(ranges[0]["source"], "db");
  EXPECT_LT(ranges[0]["from"].get<std::string>(), ranges[0]["to"].get<std::string>());
}

TEST_F(LogCalls, WithoutASnapshotThereIsNoLogAndWithoutALogItIsSaid) {
  const auto none = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
  ASSERT_TRUE(none) << none.error().describe();
  EXPECT_EQ(none->exit_status, 2);
  EXPECT_EQ(none->body["repositories"][0]["error"]["code"], "not_found");
  configure();
  const auto files = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), Code::usage);
  EXPECT_EQ(log_status(setup_, "shop", context())->body["keeps_log"], false);
}

TEST_F(LogCalls, IsFollowedUntilItIsStopped) {
  backed_up();
  std::stop_source stop;
  const RunContext running{stop.get_token(), test_.context.clock, test_.context.random,
                           test_.context.progress, test_.context.log};
  int rounds = 0;
  const auto visit = [&](const Json&) {
    live().insert("orders", {document(3000 + rounds)});
    if (++rounds == 4) stop.request_stop();
  };
  const auto answer = follow_log(setup_, {"shop", std::chrono::milliseconds(10)}, visit, running);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->exit_status, 0);
  EXPECT_EQ(rounds, 4);
  archive();
  EXPECT_EQ(orders_at(position_in(ranges()[0]["to"])), 104);
}

TEST_F(LogCalls, ADamagedPieceIsMadeAgainAsLongAsTheServerHasItsEntries) {
  backed_up();
  live().insert("orders", many_documents(10, 1000));
  const auto moment = now();
  archive();
  damage_piece(0);
  const auto refused = restore_at(moment);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::not_restorable);
  EXPECT_THAT(refused.error().describe(), HasSubstr("a piece of the log cannot be read"));
  live().insert("orders", many_documents(10, 2000));
  EXPECT_FALSE(archive().contains("broken"));
  EXPECT_EQ(orders_at(moment), 110);
}

TEST_F(LogCalls, ADamagedPieceInTheMiddleIsNamedAndNeverSteppedOver) {
  backed_up();
  std::vector<std::string> moments;
  for (const std::int32_t first : {1000, 2000, 3000}) {
    live().insert("orders", many_documents(10, first));
    moments.push_back(now());
    // FerretDB knows its log until shortly before now: the moment is to be in this piece.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    EXPECT_EQ(archive()["pieces"], 1);
  }
  damage_piece(1);
  EXPECT_EQ(orders_at(moments[0]), 110);
  for (const auto& moment : {moments[1], moments[2]}) {
    const auto refused = restore_at(moment);
    ASSERT_FALSE(refused) << moment;
    EXPECT_EQ(refused.error().code(), Code::not_restorable);
    EXPECT_THAT(refused.error().describe(), HasSubstr("a piece of the log cannot be read (logs/"));
    EXPECT_THAT(std::string(refused.error().hint()), HasSubstr("moments from "));
  }
  EXPECT_EQ(orders_there(), 110) << "a refused restore changed nothing";
  const auto quick = log_status(setup_, "shop", context(), true);
  ASSERT_TRUE(quick) << quick.error().describe();
  EXPECT_EQ(quick->body["quick"], true);
  const auto claimed = quick->body["repositories"][0]["ranges"];
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_GE(claimed[0]["to"].get<std::string>(), moments[2]) << "contents are not looked at";
  const auto before_it = ranges();
  ASSERT_EQ(before_it.size(), 1U);
  EXPECT_LT(before_it[0]["to"].get<std::string>(), moments[1]);
  EXPECT_EQ(orders_at(position_in(before_it[0]["to"])), 110);
  damage_piece(1);
  const auto whole = ranges();
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_GE(whole[0]["to"].get<std::string>(), moments[2]);
  EXPECT_EQ(orders_at(moments[2]), 130);
}

TEST_F(LogCalls, AHoleInTheLogIsSaidAndAFullBackupBeginsAnew) {
  backed_up();
  archive();
  // As a server that was set up anew: the same names, another past.
  Application(server_.uri(), "local").drop("oplog.rs");
  Application(server_.uri(), "local").create_capped("oplog.rs");
  live().insert("orders", {document(4000)});
  const auto answer = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->exit_status, 1);
  EXPECT_TRUE(answer->body["repositories"][0]["logs"][0].contains("broken"));
  backed_up();
  const auto full = now();
  live().insert("orders", {document(4001)});
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_FALSE(archive().contains("broken"));
  EXPECT_EQ(orders_at(full), 101);
  const auto listed = ranges();
  ASSERT_FALSE(listed.empty());
  EXPECT_GE(listed.back()["to"].get<std::string>(), full);
  for (const auto& range : listed) {
    EXPECT_GE(orders_at(position_in(range["from"])), 100) << range.dump();
    EXPECT_GE(orders_at(position_in(range["to"])), 100) << range.dump();
  }
}

TEST_F(LogCalls, ASourceThatNoLogLeadsOnFromKeepsNoOtherFromBeingArchived) {
  const TestServer plain;
  setup_.environment["PLAIN_URI"] = plain.uri();
  Application(plain.uri(), "aside").insert("notes", many_documents(3));
  const auto text = to_text(read_file(at("lifeboat.yaml")).value());
  const std::string own = "      db:";
  auto both = text;
  both.insert(both.find(own),
              "      aside: {type: mongodb, uri: \"${PLAIN_URI}\", database: aside}\n");
  ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(both)));
  const auto follow = [&] {
    const auto answer = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? answer->body : Json{};
  };
  const auto hint_of = [](const Json& body) {
    return body["repositories"][0]["error"]["hint"].get<std::string>();
  };
  EXPECT_THAT(hint_of(follow()), HasSubstr("Run `lifeboat backup shop` first"));
  backed_up();
  live().insert("orders", many_documents(10, 1000));
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const auto body = follow();
  EXPECT_THAT(body["repositories"][0]["error"].dump(),
              HasSubstr("no snapshot of shop/aside has a place in a log"));
  EXPECT_THAT(hint_of(body), HasSubstr("lifeboat doctor"));
  ASSERT_EQ(body["repositories"][0]["logs"].size(), 1U);
  EXPECT_EQ(body["repositories"][0]["logs"][0]["source"], "db");
  EXPECT_EQ(body["repositories"][0]["logs"][0]["pieces"], 1);
  EXPECT_EQ(body["newest_without_log"], Json({"aside"}));
  ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
  EXPECT_EQ(follow()["newest_without_log"], Json::array());
}

// An older one may have one, which is archived on: what came since the newest is not restored by
// it.
TEST_F(LogCalls, ThatNoLogLeadsOnFromTheNewestSnapshotIsInTheAnswer) {
  backed_up();
  archive();
  Application(server_.uri(), "local").drop("oplog.rs");
  const auto follow = [&] {
    const auto answer = follow_log(setup_, {"shop", {}}, [](const Json&) {}, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? answer->body["newest_without_log"] : Json{};
  };
  EXPECT_EQ(follow(), Json::array());
  backed_up();
  EXPECT_EQ(follow(), Json({"db"}));
}

}  // namespace
}  // namespace lifeboat::service
