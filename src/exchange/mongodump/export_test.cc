#include "exchange/mongodump/export.h"

#include <gmock/gmock.h>

#include "base/test_context.h"
#include "engine/mongodb/test_database.h"
#include "exchange/mongodump/import.h"
#include "exchange/mongodump/test_anatomy.h"

namespace lifeboat::exchange::mongodump {
namespace {

using testing::anatomy_of;

class DumpExport : public ::testing::Test {
 protected:
  engine::mongodb::Location at(const std::string& database) const {
    return engine::mongodb::locate(server_.uri(database)).value();
  }
  Result<ArchiveReport> export_from(const std::string& database) {
    return export_archive(at(database), file_, test_.context);
  }
  Result<DumpReport> import_into(const std::string& database, const fs::path& file) {
    DumpOptions options;
    options.path = file;
    const auto plan = TRY(plan_dump(at(database), options, test_.context));
    return restore_dump(at(database), plan, options, test_.context);
  }

  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  engine::mongodb::testing::TestServer server_;
  fs::path file_ = scratch_.path() / "shop.archive";
};

TEST_F(DumpExport, IsMadeAsMongodumpMakesIt) {
  const auto recorded =
      fs::path(__FILE__).parent_path() / "../../../tests/fixtures/mongodump/pixelcraft.archive";
  ASSERT_TRUE(import_into("pixelcraft", recorded));
  const auto report = export_from("pixelcraft");
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(report->documents(), 3923U);
  EXPECT_EQ(report->bytes, fs::file_size(file_));
  const auto wanted = anatomy_of(recorded);
  const auto made = anatomy_of(file_);
  EXPECT_EQ(made.head, wanted.head);
  EXPECT_EQ(made.preludes, wanted.preludes);
  EXPECT_EQ(made.headers, wanted.headers);
  EXPECT_EQ(made.crcs, wanted.crcs);
  EXPECT_EQ(made.metadata, wanted.metadata);
  EXPECT_EQ(made.ends, wanted.ends);
}

TEST_F(DumpExport, ComesBackThroughTheImport) {
  const engine::mongodb::testing::Application shop(server_.uri(), "shop");
  shop.insert("a/b c", engine::mongodb::testing::many_documents(500));
  shop.make_index("a/b c", "name", true);
  shop.create_capped("log");
  ASSERT_TRUE(export_from("shop"));
  const auto back = import_into("restored", file_);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_TRUE(back->is_equal());
  EXPECT_EQ(back->collections[0].indexes, std::vector<std::string>{"by_name"});
}

TEST_F(DumpExport, IsNeverWrittenOverAnythingAndLeavesNothingHalf) {
  EXPECT_EQ(export_from("nothing").error().code(), Code::not_found);
  const engine::mongodb::testing::Application shop(server_.uri(), "shop");
  shop.insert("orders", engine::mongodb::testing::many_documents(3));
  test_.stop.request_stop();
  EXPECT_EQ(export_from("shop").error().code(), Code::interrupted);
  EXPECT_TRUE(fs::is_empty(scratch_.path()));
  ASSERT_TRUE(write_file(file_, view_of("somebody else's")));
  EXPECT_EQ(export_from("shop").error().code(), Code::exists);
  EXPECT_EQ(to_text(*read_file(file_)), "somebody else's");
}

}  // namespace
}  // namespace lifeboat::exchange::mongodump
