#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

#include "engine/markers.h"
#include "engine/mongodb/grants.h"
#include "engine/mongodb/scratch.h"
#include "engine/mongodb/test_document.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in_shop.h"

namespace lifeboat::engine::mongodb {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What mongosh would send of `createRole({…})` or `createUser({…})`.
Bytes command_of(const std::string& name, const std::string& argument) {
  static const std::regex kKey(R"(\b(role|privileges|resource|actions|roles|user|pwd): )");
  auto json = std::regex_replace(argument, kKey, "\"$1\": ");
  json = std::regex_replace(json, std::regex(R"(passwordPrompt\(\))"), R"("a password")");
  const auto whole = bson_of(json);
  DocumentBuilder command;
  for (const auto& field : view_document(whole)) {
    const bool is_name = field.key == "role" || field.key == "user";
    command.element(is_name ? name : std::string(field.key), field);
  }
  return command.take();
}

// `grantRolesToUser("user", ["role"])` or `grantPrivilegesToRole("role", [{…}])`
Bytes grant_of(const std::string& name, const std::string& arguments) {
  const auto list = bson_of("{\"all\": [" + arguments + "]}");
  const auto all = view_document(list).begin()->inside();
  auto each = all.begin();
  DocumentBuilder command;
  command.element(name, *each);
  return command.element(name == "grantRolesToUser" ? "roles" : "privileges", *++each).take();
}

// All that is printed for one job, in the order in which it would be sent to `admin`.
std::vector<Bytes> commands_in(const std::string& text) {
  const auto printed = std::regex_replace(text, std::regex("//[^\n]*\n"), "");
  static const std::regex kCall(R"(db\.getSiblingDB\("admin"\)\.(\w+)\(([^]*?)\)\n)");
  std::vector<Bytes> commands;
  for (std::sregex_iterator at(printed.begin(), printed.end(), kCall), end; at != end; ++at)
    commands.push_back((*at)[1].str().starts_with("grant") ? grant_of((*at)[1], (*at)[2])
                                                           : command_of((*at)[1], (*at)[2]));
  return commands;
}

// The same for those who have time series: the role as it is when it was granted what they need.
std::vector<Bytes> commands_for_series(const std::string& text) {
  auto commands =
      commands_in(std::regex_replace(text, std::regex("// For time series also: "), ""));
  const auto granted = std::move(commands.back());
  commands.pop_back();
  DocumentBuilder role;
  ArrayBuilder privileges;
  for (const auto& field : view_document(commands.front()))
    if (field.key != "privileges")
      role.element(field);
    else
      for (const auto& each : field.inside()) privileges.element(each);
  for (const auto& each : view_document(granted).find("privileges")->inside())
    privileges.element(each);
  commands.front() = role.array("privileges", privileges.take()).take();
  return commands;
}

// "system_buckets": "" is every collection whose name begins so.
std::string granted_collection(DocumentView resource) {
  const auto buckets = resource.text_at("system_buckets");
  if (!buckets) return std::string(*resource.text_at("collection"));
  return std::string(kBucketsPrefix) + std::string(*buckets);
}

// Of a role: what it allows, one action on one resource each.
std::vector<Right> rights_of_role(DocumentView role) {
  std::vector<Right> rights;
  for (const auto& privilege : role.find("privileges")->inside()) {
    const auto resource = *privilege.inside().document_at("resource");
    for (const auto& action : privilege.inside().find("actions")->inside())
      rights.push_back({std::string(*action.text()), std::string(*resource.text_at("db")),
                        granted_collection(resource)});
  }
  return rights;
}

Bytes without_right(DocumentView role, const Right& lost) {
  ArrayBuilder privileges;
  for (const auto& each : rights_of_role(role)) {
    if (each == lost) continue;
    const bool of_buckets = each.collection.starts_with(kBucketsPrefix);
    DocumentBuilder resource;
    resource.text("db", each.database)
        .text(of_buckets ? "system_buckets" : "collection",
              of_buckets ? each.collection.substr(kBucketsPrefix.size()) : each.collection);
    privileges.document(DocumentBuilder()
                            .document("resource", resource.take())
                            .array("actions", ArrayBuilder().text(each.action).take())
                            .take());
  }
  DocumentBuilder changed;
  for (const auto& field : role)
    if (field.key != "privileges") changed.element(field);
  return changed.array("privileges", privileges.take()).take();
}

// A right on all of a database is missed on one of its collections.
std::string lack_of(const Right& right) {
  const auto of = right.collection.empty()
                      ? "(all of " + right.database + "|" + right.database + "\\.[a-z]+)"
                      : right.database + "\\." + right.collection;
  return "lacks (.* or )?" + right.action + " on " + of;
}

// A shop on a server that enforces rights, where nobody but `root` may do anything at first.
class LeastRights : public testing::StandInShop {
 protected:
  LeastRights() : StandInShop({.authorization = true}) {}
  std::string uri(const std::string& database) const override {
    return server_.uri_of(user_, database);
  }
  void SetUp() override {
    fill(20);
    live().run(bson_of(R"({"createIndexes": "items", "indexes": [
                           {"key": {"at": 1}, "name": "ttl", "expireAfterSeconds": 9}]})"));
    live().run(bson_of(R"({"create": "strict", "validator": {"name": {"$exists": true}}})"));
    live().run(bson_of(R"({"create": "seen", "viewOn": "items", "pipeline": []})"));
    live().insert("system.js",
                  {bson_of(R"({"_id": "one", "value": 1})"), bson_of(R"({"_id": "gone"})")});
    live().run(bson_of(R"({"createUser": "anna", "pwd": "x", "roles": ["readWrite"]})"));
    live().run(bson_of(R"({"createRole": "seer", "privileges": [], "roles": ["read"]})"));
  }
  void fill_series() const {
    live().run(testing::make_series("weather"));
    live().insert("weather", {testing::measurement("a", 0, 1), testing::measurement("b", 0, 2)});
  }
  static std::string printed(Purpose purpose, const std::string& database) {
    for (const auto& each : grants_for(database))
      if (each.purpose == name_of(purpose)) return each.commands;
    return {};
  }
  void run_in_admin(const std::vector<Bytes>& commands) const {
    for (const auto& each : commands) testing::Application(server_.uri(), "admin").run(each);
  }

  // What somebody is told who does it as this user: all of it when that is nothing.
  using Job = std::function<std::string()>;
  std::string done_by(const std::string& user, const Job& job) {
    user_ = user;
    auto said = job();
    user_ = "root";
    return said;
  }
  // The job as a user with exactly what is printed, and as one without each part of it.
  void check(const std::string& commands, const Job& job) { check(commands_in(commands), job); }
  void check(const std::vector<Bytes>& sent, const Job& job) {
    ASSERT_EQ(sent.size(), 2U);
    check(view_document(sent[0]), {sent[1]}, job);
  }
  // The role, and what makes the user who has it.
  void check(DocumentView role, const std::vector<Bytes>& made, const Job& job) {
    const std::string user(*view_document(made.back()).begin()->text());
    const auto drop = DocumentBuilder().text("dropRole", *role.text_at("createRole")).take();
    run_in_admin({to_bytes(role.bytes())});
    run_in_admin(made);
    EXPECT_EQ(done_by(user, job), "");
    const auto rights = rights_of_role(role);
    EXPECT_FALSE(rights.empty());
    for (const auto& right : rights) {
      run_in_admin({drop, without_right(role, right)});
      const auto said = done_by(user, job);
      if (right == set_of_log_ && said.empty()) continue;  // it goes without
      EXPECT_THAT(said, ContainsRegex(lack_of(right))) << "without " << right.text();
    }
  }

  static std::string said_by(const Error& error) { return error.describe(); }
  static std::string said_by(const std::vector<Finding>& findings) {
    std::string said;
    for (const auto& each : findings) said += each.code + ": " + each.message + "\n";
    return said;
  }
  // What doctor does not find in order.
  std::string examine() {
    std::string said;
    const auto advices = mongodb_engine().examine(source(), test_.context).value();
    for (const auto& each : advices)
      if (each.level != Advice::Level::ok) said += each.message + "\n";
    return said;
  }
  std::string back_up() {
    const auto size = mongodb_engine().estimate(source(), test_.context);
    if (!size) return said_by(size.error());
    if (*size == 0) return examine();  // it is not known, and doctor says why
    const auto captured = capture();
    return captured ? said_by(captured->outcome.findings) : said_by(captured.error());
  }

  const Right set_of_log_{"find", "local", "system.replset"};
  std::string user_ = "root";
};

// A copy and its log are had without it: only what tells two sets of one name apart is not.
TEST_F(LeastRights, OfTheReplicaSetAreNamedByDoctorAndLeaveItsIdOut) {
  const auto id_of = [&](const std::string& user) -> std::string {
    user_ = user;
    const auto captured = capture();
    user_ = "root";
    return captured ? captured->outcome.position["log"]["replica_set_id"].get<std::string>()
                    : said_by(captured.error());
  };
  const auto sent = commands_in(printed(Purpose::backup, "shop"));
  run_in_admin(sent);
  const std::string user = "lifeboat-backup-shop";
  EXPECT_EQ(id_of(user), testing::StandInOptions().set_id);
  run_in_admin({bson_of(R"({"dropRole": "lifeboat-backup-shop"})"),
                without_right(view_document(sent[0]), set_of_log_)});
  EXPECT_EQ(id_of(user), "");
  EXPECT_THAT(done_by(user, [&] { return examine(); }), ContainsRegex(lack_of(set_of_log_)));
}

TEST_F(LeastRights, OfABackupAreAllNeeded) {
  check(printed(Purpose::backup, "shop"), [&] { return back_up(); });
}

TEST_F(LeastRights, OfABackupOfATimeSeriesAreAllNeeded) {
  fill_series();
  const auto plain = done_by("root", [&] { return back_up(); });
  EXPECT_EQ(plain, "");
  check(commands_for_series(printed(Purpose::backup, "shop")), [&] { return back_up(); });
}

TEST_F(LeastRights, OfABackupAreEachNamedByDoctor) {
  check(printed(Purpose::backup, "shop"), [&] { return examine(); });
}

// What it comes to is said once.
TEST_F(LeastRights, OfTheLogAreMissedByDoctorInOneWarning) {
  const auto sent = commands_in(printed(Purpose::backup, "shop"));
  const Right log{"find", "local", "oplog.rs"};
  run_in_admin({without_right(view_document(sent[0]), log), sent[1]});
  user_ = "lifeboat-backup-shop";
  const auto advices = mongodb_engine().examine(source(), test_.context);
  LIFEBOAT_OK(advices);
  EXPECT_EQ(std::ranges::count(*advices, Advice::Level::warning, &Advice::level), 1);
}

TEST_F(LeastRights, OfMarkersAreAllNeeded) {
  const auto old = DocumentBuilder()
                       .int64("_id", engine::kKeptMarkers)
                       .text("time", "2026-01-01T00:00:00Z")
                       .take();
  live().insert("marks", {old});
  check(grants_for_markers("shop", "marks"), [&] {
    const auto marker = engine::write_marker(source(), "marks", test_.context);
    return marker ? std::string() : said_by(marker.error());
  });
}

TEST_F(LeastRights, OfADrillAreNoneHere) {
  EXPECT_THAT(commands_in(printed(Purpose::drill, "shop")), IsEmpty());
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  server_.kill();
  const testing::StandInServer own;
  auto options = testing::target_at(own.uri("shop"));
  options.with_users = true;
  options.state = state_.path().string();
  const auto restored = contract::rebuild(mongodb_engine(), *captured, options, test_.context);
  LIFEBOAT_OK(restored);
  EXPECT_EQ(contract::facts_of(mongodb_engine(), own.uri("shop"), test_.context).value(),
            captured->outcome.facts);
}

// Where it makes databases on a server that others use, for nobody knows what they are called.
TEST_F(LeastRights, OfADrillOnAnotherServerAreEachNamedBeforeAnythingIsMade) {
  const auto token = std::string(kScratchToken, 'a');
  const auto database = scratch_database(token, 1, "db");
  const auto here = printed(Purpose::drill, "shop");
  check(std::regex_replace(here, std::regex("\n// "), "\n"), [&] {
    const auto server = Server::open(Secret::from_text(uri("")));
    const auto may = check_scratch_rights(**server, database);
    if (!may) return said_by(may.error());
    const auto made = make_scratch(**server, database, token, "drill shop/d");
    if (!made) return said_by(made.error());
    const auto dropped = drop_scratch(**server, database, token);
    return dropped ? std::string() : said_by(dropped.error());
  });
}

TEST_F(LeastRights, AreNotLackedByWhomTheServerDoesNotKnow) {
  const auto said = done_by("nobody", [&] { return back_up(); });
  EXPECT_EQ(said, "Authentication failed.\n");
}

TEST_F(LeastRights, OfALogAreAllNeeded) {
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  live().insert("items", testing::many_documents(5, 100));
  check(printed(Purpose::log, "shop"), [&] {
    const auto pieces = follow(captured->outcome.position["log"]);
    return pieces ? std::string() : said_by(pieces.error());
  });
}

// A restore of all kinds of objects, time series too, with a log of all kinds of changes, over what
// is there.
class LeastRightsOfARestore : public LeastRights {
 protected:
  void SetUp() override {
    LeastRights::SetUp();
    live().create_capped("events");
    fill_series();
    captured_ = capture();
    LIFEBOAT_OK(captured_);
    live().insert("items", testing::many_documents(5, 100));
    put("items", testing::document(1, "changed"));
    live().remove_one("items", 2);
    for (const auto* command : {
             R"({"create": "late", "capped": true, "size": 4096})",
             R"({"collMod": "strict", "validator": {"name": {"$exists": false}}})",
             R"({"insert": "system.js", "documents": [{"_id": "two"}]})",
             R"({"update": "system.js", "updates": [{"q": {"_id": "one"}, "u": {"value": 2}}]})",
             R"({"delete": "system.js", "deletes": [{"q": {"_id": "gone"}, "limit": 1}]})",
             R"({"create": "passing"})",
         })
      live().run(bson_of(command));
    testing::Application(server_.uri(), "admin")
        .run(bson_of(R"({"renameCollection": "shop.passing", "to": "shop.past"})"));
    live().drop("past");
    live().insert("weather", {testing::measurement("a", 1, 3), testing::measurement("c", 0, 4)});
    live().run(bson_of(R"({"delete": "system.buckets.weather",
                           "deletes": [{"q": {"meta": "b"}, "limit": 1}]})"));
    const auto pieces = follow(captured_->outcome.position["log"]);
    LIFEBOAT_OK(pieces);
    pieces_ = *pieces;
  }
  void clutter() const {
    const testing::Application place(server_.uri(), "restored");
    place.run(bson_of(R"({"dropDatabase": 1})"));
    place.insert("items", testing::many_documents(3));
    place.insert("system.js", {bson_of(R"({"_id": "old"})")});
  }
  std::string restore() {
    clutter();
    const auto there = mongodb_engine().look_at(uri("restored"));
    if (!there) return said_by(there.error());
    const auto report = rebuild(*captured_, pieces_, last_of(pieces_.back()));
    return report ? said_by(report->findings) : said_by(report.error());
  }

  Result<contract::Capture> captured_ = contract::Capture{};
  std::vector<LogPiece> pieces_;
};

TEST_F(LeastRightsOfARestore, AreAllNeeded) {
  check(commands_for_series(printed(Purpose::restore, "restored")), [&] { return restore(); });
}

// The user of restore, and the role that is granted to it beside.
TEST_F(LeastRightsOfARestore, OfUsersAreAllNeededBesideThoseOfARestore) {
  with_users_ = true;
  run_in_admin(commands_for_series(printed(Purpose::restore, "restored")));
  const auto sent = commands_in(printed(Purpose::users, "restored"));
  ASSERT_EQ(sent.size(), 2U);
  const auto without = done_by("lifeboat-restore-restored", [&] { return restore(); });
  EXPECT_THAT(without, HasSubstr("this user lacks viewUser on all of restored"));
  check(view_document(sent[0]), {sent[1]}, [&] {
    const testing::Application admin(server_.uri(), "admin");
    admin.run(bson_of(R"({"delete": "system.users",
                          "deletes": [{"q": {"db": "restored"}, "limit": 0}]})"));
    return restore();
  });
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
