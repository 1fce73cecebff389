// What FerretDB has not: an order of _id, views and validators. On the stand-in.
#include <gmock/gmock.h>

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/test_odd_documents.h"
#include "exchange/jsonl/test_exchange.h"
#include "exchange/mongodump/export.h"
#include "exchange/mongodump/import.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::testing::Fault;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::StandInServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LinesOnStandIn : public StandInExchange {
 protected:
  // Deleted and made again while they are read.
  static void fill_restless(StandInServer& server) {
    const Application shop(server.uri(), "shop");
    shop.insert("items", many_documents(100));
    server.plant({.command = "getMore",
                  .kind = Fault::Kind::none,
                  .collection = "items",
                  .after = 1,
                  .meanwhile = [&server] {
                    const Application same(server.uri(), "shop");
                    for (const auto id : {3, 4}) same.remove_one("items", id);
                    same.insert("items", many_documents(2, 3));
                  }});
  }
  static void fill_strict(const Application& shop, const std::string& level = "strict") {
    shop.run(bson(R"({"create": "users", "validator": {"name": {"$exists": true}},
                      "validationLevel": ")" +
                  level + "\"}"));
    shop.insert("users", many_documents(3));
  }
  void fill_with_views() const {
    fill_strict(shop(), "moderate");
    shop().run(bson(R"({"create": "named", "viewOn": "users", "pipeline": [
                        {"$match": {"name": {"$exists": true}}}]})"));
    shop().run(bson(R"({"create": "again", "viewOn": "named", "pipeline": []})"));
  }
  engine::mongodb::Catalog catalog(const std::string& database) const {
    return engine::mongodb::read_catalog(at(database).server->connect(), database).value();
  }
  // By name, kind and options: a restored collection is another one.
  std::string kept(const std::string& database) const {
    return engine::mongodb::fingerprint_of(catalog(database)).hex();
  }
  bool refuses_unnamed() const {
    const auto location = at("restored");
    return !location.server->connect().command(
        "restored", bson(R"({"insert": "users", "documents": [{"_id": 99}]})"));
  }
  static TarMaker unnamed_user() {
    return TarMaker().file("users.jsonl", "{\"_id\": 50, \"name\": \"a\"}\n{\"_id\": 51}\n");
  }
};

TEST_F(LinesOnStandIn, HaveEachDocumentOnceHoweverOftenItIsMadeAgain) {
  fill_restless(server_);
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->sum().count, 100U);
  const auto back = import(report->archive);
  ASSERT_TRUE(back) << error_of(back);
  EXPECT_TRUE(back->is_equal());
}

// The twin: FerretDB has no order of _id.
TEST_F(LinesOnStandIn, OfFerretMayHaveADocumentTwice) {
  StandInServer ferret({.ferretdb = "v1.24.0"});
  fill_restless(ferret);
  const auto report =
      export_jsonl(engine::mongodb::locate(ferret.uri("shop")).value(), export_, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->sum().count, 102U);
}

TEST_F(LinesOnStandIn, AnArchiveOfMongodumpHasEachDocumentOnceToo) {
  fill_restless(server_);
  const auto file = scratch_.path() / "shop.archive";
  const auto report = mongodump::export_archive(at("shop"), file, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->documents(), 100U);
}

TEST_F(LinesOnStandIn, CarryWhatJsonCannotWhereItIsEscapedAndElseNameIt) {
  shop().insert("odd", engine::mongodb::testing::odd_documents());
  const auto refused = export_shop();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::incomplete) << error_of(refused);
  EXPECT_THAT(error_of(refused),
              HasSubstr(R"(shop.odd: the document {"_id": {"$numberInt": "1"}}: )"));
  export_.lossy = engine::mongodb::Lossy::escaped;
  const auto report = export_shop();
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->sum().count, 4U);
  EXPECT_GE(report->escaped(), 2U);
  const auto back = import(report->archive);
  ASSERT_TRUE(back) << error_of(back);
  EXPECT_TRUE(back->is_equal());
}

TEST_F(LinesOnStandIn, BringViewsAndValidatorsBack) {
  fill_with_views();
  const auto exported = export_shop();
  ASSERT_TRUE(exported) << error_of(exported);
  const auto report = import(exported->archive);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_THAT(report->views, ElementsAre("named", "again"));
  EXPECT_EQ(kept("restored"), kept("shop"));
  EXPECT_TRUE(refuses_unnamed());
  Application(server_.uri(), "restored").drop("again");
  EXPECT_NE(kept("restored"), kept("shop")) << "a view less is seen";
}

TEST_F(LinesOnStandIn, AnArchiveOfMongodumpBringsThemBackToo) {
  fill_with_views();
  mongodump::DumpOptions options;
  options.path = scratch_.path() / "shop.archive";
  options.journal = import_.journal;
  ASSERT_TRUE(mongodump::export_archive(at("shop"), options.path, test_.context));
  const auto to = at("restored");
  const auto planned = mongodump::plan_dump(to, options, test_.context);
  ASSERT_TRUE(planned) << error_of(planned);
  const auto report = mongodump::restore_dump(to, *planned, options, test_.context);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(kept("restored"), kept("shop"));
  EXPECT_TRUE(refuses_unnamed());
}

TEST_F(LinesOnStandIn, BreakAValidatorOnlyWhereItIsForced) {
  const Application restored(server_.uri(), "restored");
  fill_strict(restored);
  const auto strict = kept("restored");
  const auto refused = import(unnamed_user());
  ASSERT_FALSE(refused);
  EXPECT_THAT(error_of(refused), HasSubstr("users"));
  EXPECT_EQ(kept("restored"), strict);
  import_.force = true;
  const auto forced = import(unnamed_user());
  ASSERT_TRUE(forced) << error_of(forced);
  EXPECT_TRUE(has_finding(forced->findings, "validator-violated"));
  EXPECT_EQ(kept("restored"), strict) << "it is back";
  EXPECT_TRUE(refuses_unnamed());
}

TEST_F(LinesOnStandIn, ThatAreForcedLeaveNoValidatorOffWhenTheyFail) {
  fill_strict(Application(server_.uri(), "restored"));
  const auto strict = kept("restored");
  import_.force = true;
  server_.plant({.command = "insert", .refusal = {6, "HostUnreachable", "gone"}, .times = 9});
  EXPECT_FALSE(import(unnamed_user()));
  EXPECT_EQ(kept("restored"), strict);
  EXPECT_FALSE(fs::exists(import_.journal));
}

}  // namespace
}  // namespace lifeboat::exchange::jsonl
