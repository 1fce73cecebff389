#include <gmock/gmock.h>

#include "drill/test_drill.h"
#include "engine/losses.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_series.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::drill {
namespace {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::StandInServer;
using ::testing::HasSubstr;

// A shop on a sharded cluster, of which a fuzzy copy was asked for. The private server is one that
// has no shards, which is this program.
class ShardedDrill : public DrillTest {
 protected:
  void SetUp() override {
    Application(source_.uri(), "shop").insert("items", many_documents(200));
    Application(source_.uri(), "shop").insert("people", many_documents(20));
    Application(source_.uri(), "config")
        .insert("collections", {document_of(R"({"_id": "shop.items", "key": {"_id": "hashed"}})")});
    auto options = engine::mongodb::testing::source_at(source_.uri(), "shop");
    options.mongodb.fuzzy = true;
    open_repository();
    run_backup({options});
  }
  Request request() const {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    request.options.server = fs::read_symlink("/proc/self/exe").string();
    request.sandboxes = scratch_.path() / "s";
    request.reports = scratch_.path() / "reports";
    return request;
  }
  static Application restored(const fs::path& data) {
    const auto socket = data.parent_path() / "server-db" / "db.sock";
    return {"mongodb://" + percent_encoded(socket.string()) + "/?directConnection=true", "shop"};
  }
  static std::vector<Finding> findings(const Report& report, std::string_view code) {
    std::vector<Finding> found;
    for (const auto& each : report.findings)
      if (each.code == code) found.push_back(each);
    return found;
  }

  StandInServer source_{{.replica_set = false, .is_router = true}};
};

TEST_F(ShardedDrill, IsProvenWithTheWarningThatItIsOfNoOneMomentAndUnsharded) {
  const auto report = drill_with(request(), [](const fs::path&) {});
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(findings(report, "consistency-per-collection").size(), 1U);
  const auto unsharded = findings(report, engine::kNotSharded);
  ASSERT_EQ(unsharded.size(), 1U);
  EXPECT_EQ(unsharded[0].subject, "shop.items");
  EXPECT_THAT(unsharded[0].message, HasSubstr("{_id: hashed}"));
}

TEST_F(ShardedDrill, FailsWhenADocumentIsLost) {
  const auto report =
      drill_with(request(), [](const fs::path& data) { restored(data).remove_one("items", 7); });
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_THAT(failed_checks(report), ::testing::Contains("counts.db"));
}

}  // namespace
}  // namespace lifeboat::drill
