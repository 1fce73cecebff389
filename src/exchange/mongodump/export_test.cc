#include "exchange/mongodump/export.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/test_context.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/test_database.h"
#include "exchange/mongodump/import.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::DocumentView;
using ::testing::HasSubstr;

// What an archive is made of, beside the documents themselves.
struct Anatomy {
  std::string head;                          // names and types of its fields
  std::set<std::string> preludes;            // the same
  std::set<std::string> headers;             // the same
  std::map<std::string, std::int64_t> crcs;  // of each collection
  std::map<std::string, Bytes> metadata;     // of each collection, without uuid
  std::size_t ends = 0;
};

std::string fields_of(DocumentView document) {
  std::string text;
  for (const auto& each : document)
    text += std::string(each.key) + ":" + std::to_string(static_cast<int>(each.type)) + " ";
  return text;
}

Bytes without_uuid(std::string_view json) {
  const auto metadata = engine::mongodb::from_extended_json(json).value();
  engine::mongodb::DocumentBuilder rest;
  for (const auto& each : engine::mongodb::view_document(metadata))
    if (each.key != "uuid") rest.element(each);
  return rest.take();
}

Anatomy anatomy_of(const fs::path& file) {
  Anatomy found;
  const auto bytes = read_file(file).value();
  bool is_header = false;
  for (std::size_t at = 4; at < bytes.size();) {
    const auto size = ByteReader(ByteView(bytes).subspan(at, 4)).u32().value();
    if (size == 0xffffffff) {
      ++found.ends;
      at += 4;
      is_header = true;
      continue;
    }
    const auto document = DocumentView::check(ByteView(bytes).subspan(at, size)).value();
    at += size;
    const auto name = std::string(document.text_at("collection").value_or(""));
    if (found.head.empty()) {
      found.head = fields_of(document);
    } else if (found.ends == 0) {
      found.preludes.insert(fields_of(document));
      found.metadata[name] = without_uuid(*document.text_at("metadata"));
    } else if (is_header) {
      found.headers.insert(fields_of(document));
      if (document.is_true_at("EOF")) found.crcs[name] = *document.find("CRC")->integer();
    }
    is_header = false;
  }
  return found;
}

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

TEST(DumpExportOfSeries, IsRefusedByNameAndThatOfOthersIsNot) {
  const auto collection_of = [](const std::string& info) {
    return engine::mongodb::check_collection(*engine::mongodb::from_extended_json(info), {})
        .value();
  };
  engine::mongodb::Catalog catalog{"shop", {collection_of(R"({"name":"a","type":"collection"})")}};
  EXPECT_TRUE(check_exportable(catalog));
  catalog.collections.push_back(collection_of(
      R"({"name":"b","type":"timeseries","options":{"timeseries":{"timeField":"t"}}})"));
  const auto refused = check_exportable(catalog);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("shop.b is a time series"));
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
