#include "exchange/mongodump/import.h"

#include <gmock/gmock.h>

#include "engine/mongodb/catalog_reader.h"
#include "exchange/mongodump/test_dump.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::DocumentBuilder;
using engine::mongodb::testing::document;
using testing::DumpImport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::recorded_dump;
using testing::why;

TEST_F(DumpImport, RestoresARecordedArchiveWithItsIndexesAndOptions) {
  const auto report = import(recorded_dump("pixelcraft.archive"));
  ASSERT_TRUE(report) << why(report);
  EXPECT_TRUE(report->is_equal());
  EXPECT_EQ(counts(*report),
            "_migrations 6\naudit_log 300\ncapped_log 60\nempty_collection 0\nfilemetas 40\n"
            "orders 2000\nreadings 1000\ntypes of values 17\nusers 500\n");
  EXPECT_THAT(report->collections.back().indexes, ElementsAre("email_1", "role_created"));
  const auto location = at("restored");
  const auto catalog =
      engine::mongodb::read_catalog(location.server->connect(), "restored").value();
  EXPECT_TRUE(catalog.collections[2].options().is_true_at("capped"));
  EXPECT_EQ(catalog.collections.back().indexes.size(), 3U);
}

TEST_F(DumpImport, ReadsACompressedArchive) {
  const auto copy = scratch_.path() / "pixelcraft.archive";
  fs::copy_file(recorded_dump("pixelcraft.archive"), copy);
  compress(copy);
  const auto planned = plan(copy.string() + ".gz");
  ASSERT_TRUE(planned) << why(planned);
  EXPECT_EQ(planned->documents(), 3923U);
  EXPECT_EQ(planned->head.format_version, "0.1");
}

TEST_F(DumpImport, RestoresAFolderPlainOrCompressed) {
  const auto root = folder();
  const auto plain = import(root);
  ASSERT_TRUE(plain) << why(plain);
  EXPECT_EQ(counts(*plain), "a/b c 1\norders 2\n");
  for (const auto* name : {"orders.bson", "orders.metadata.json", "a%2Fb+c.bson"})
    compress(root / "shop" / name);
  options_.path = root / "shop";  // the folder of the database itself
  const auto again = plan_dump(at("again"), options_, test_.context);
  ASSERT_TRUE(again) << why(again);
  EXPECT_EQ(again->database, "shop");
  const auto packed = restore_dump(at("again"), *again, options_, test_.context);
  ASSERT_TRUE(packed) << why(packed);
  EXPECT_EQ(counts(*packed), counts(*plain));
  EXPECT_TRUE(packed->is_equal());
}

TEST_F(DumpImport, RefusesADatabaseThatIsNotEmpty) {
  engine::mongodb::testing::Application(server_.uri(), "restored").insert("x", {document(1)});
  const auto refused = plan(folder());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("is not empty"));
}

TEST_F(DumpImport, SaysThatDocumentsWithoutAnIdCannotBeCompared) {
  const auto root = folder();
  auto orders = document(1);
  append(orders, DocumentBuilder().text("name", "without").take());
  write(root / "shop" / "orders.bson", orders);
  const auto report = import(root);
  ASSERT_TRUE(report) << why(report);
  EXPECT_FALSE(report->is_equal());
  EXPECT_EQ(report->collections[0].not_compared, "") << "the other collection";
  EXPECT_THAT(report->collections[1].not_compared, HasSubstr("gave 1 document of the dump an _id"));
}

TEST_F(DumpImport, TakesACollectionNamedOplogForWhatItIs) {
  const auto root = folder();
  write(root / "shop" / "oplog.bson", document(1));
  write_metadata(root / "shop" / "oplog.metadata.json", "oplog");
  for (const auto& given : {root, root / "shop"}) {
    const auto planned = plan(given);
    ASSERT_TRUE(planned) << why(planned);
    EXPECT_TRUE(planned->collections.contains("oplog"));
  }
}

TEST_F(DumpImport, RefusesAnyLinkInTheDump) {
  const auto root = folder();
  const auto other = scratch_.path() / "other";
  fs::create_directory(other);
  for (const auto& link : {root / "other", root / "shop" / "more", root / "oplog.bson"}) {
    ASSERT_TRUE(plan(root)) << why(plan(root));
    fs::create_symlink(other, link);
    const auto refused = plan(root);
    ASSERT_FALSE(refused) << link;
    EXPECT_EQ(refused.error().code(), Code::refused);
    EXPECT_THAT(why(refused), HasSubstr(link.string() + " is a link"));
    fs::remove(link);
  }
}

TEST_F(DumpImport, AsksWhichOfSeveralDatabases) {
  const auto root = folder();
  folder("other");
  folder("admin");
  const auto asked = plan(root);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code(), Code::usage);
  EXPECT_THAT(std::string(asked.error().hint()), HasSubstr("other, shop"));
  options_.database = "shop";
  const auto planned = plan(root);
  ASSERT_TRUE(planned) << why(planned);
  EXPECT_EQ(planned->documents(), 3U);
  options_.database = "admin";
  EXPECT_FALSE(plan(root));
}

TEST_F(DumpImport, LeavesTheUsersAndRolesOfADatabaseOutAndNamesThem) {
  const auto root = folder();
  for (const std::string name : {"$admin.system.users", "$admin.system.roles"}) {
    write(root / "shop" / (name + ".bson"), document(1));
    write_metadata(root / "shop" / (name + ".metadata.json"), name);
  }
  const auto planned = plan(root);
  ASSERT_TRUE(planned) << why(planned);
  ASSERT_EQ(planned->findings.size(), 2U);
  EXPECT_EQ(planned->findings[1].code, "users-left-out");
  EXPECT_EQ(planned->findings[1].subject, "$admin.system.users");
  const auto report = restore_dump(at("restored"), *planned, options_, test_.context);
  ASSERT_TRUE(report) << why(report);
  EXPECT_EQ(counts(*report), "a/b c 1\norders 2\n");
}

TEST_F(DumpImport, RefusesAFileThatIsThereBothPlainAndCompressed) {
  const auto root = folder();
  write(root / "oplog.bson", *read_file(recorded_dump("oplog.bson")));
  options_.without_oplog = true;
  for (const std::string name : {"shop/orders.bson", "shop/orders.metadata.json", "oplog.bson"}) {
    const auto file = root / name;
    fs::copy_file(file, root / "kept");
    compress(file);
    EXPECT_TRUE(plan(root)) << name;
    fs::rename(root / "kept", file);
    const auto refused = plan(root);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code(), Code::corrupt);
    EXPECT_THAT(why(refused), HasSubstr(file.filename().string() +
                                        " is there plain and compressed: which one counts"));
    fs::remove(file.string() + ".gz");
  }
}

TEST_F(DumpImport, NamesWhatTheServerCannotDoFirst) {
  const auto root = folder();
  write_metadata(root / "shop" / "orders.metadata.json", "orders",
                 R"(, "options": {"validator": {"a": 1}})");
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.orders: the server has no validator"));
  options_.accept_losses = true;
  const auto accepted = import(root);
  ASSERT_TRUE(accepted) << why(accepted);
  EXPECT_EQ(accepted->findings[0].code, "feature-lost");
}

TEST_F(DumpImport, NamesATimeSeriesAsLostAndLeavesItOutWhereThatIsAccepted) {
  const auto root = folder();
  write(root / "shop" / "weather.metadata.json",
        view_of(R"({"options": {"timeseries": {"timeField": "ts"}}, "type": "timeseries"})"));
  write(root / "shop" / "system.buckets.weather.bson", document(1));
  const auto refused = import(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("shop.weather: the server has no time-series-buckets"));
  options_.accept_losses = true;
  const auto accepted = import(root);
  ASSERT_TRUE(accepted) << why(accepted);
  EXPECT_EQ(counts(*accepted), "a/b c 1\norders 2\n");
  ASSERT_EQ(accepted->findings.size(), 1U);
  EXPECT_EQ(accepted->findings[0].subject, "shop.weather");
}

// Of 8.3 and later, and as nobody dumps it.
TEST_F(DumpImport, RefusesATimeSeriesWhoseDocumentsAreNotInBuckets) {
  const auto root = folder();
  const std::string options = R"("options": {"timeseries": {"timeField": "ts"}})";
  for (const auto& metadata : {"{" + options + R"(, "type": "timeseries"})", "{" + options + "}"}) {
    write(root / "shop" / "orders.metadata.json", view_of(metadata));
    EXPECT_EQ(plan(root).error().code(), Code::refused);
    EXPECT_THAT(why(plan(root)), HasSubstr("shop.orders is a time series without buckets"));
  }
}

TEST_F(DumpImport, RefusesWhatIsDamagedBeforeAnythingIsMade) {
  const auto root = folder();
  const auto orders = root / "shop" / "orders.bson";
  const auto whole = read_file(orders).value();
  write(orders, ByteView(whole).first(whole.size() - 3));
  EXPECT_EQ(import(root).error().code(), Code::corrupt);
  write(orders, whole);
  compress(orders);
  const auto packed = root / "shop" / "orders.bson.gz";
  auto bytes = read_file(packed).value();
  bytes[bytes.size() - 6] ^= 1U;  // of the checksum
  write(packed, bytes);
  EXPECT_EQ(import(root).error().code(), Code::corrupt);
  fs::remove(packed);
  EXPECT_THAT(why(import(root)), HasSubstr("its documents are not"));
  fs::create_symlink("/etc/passwd", orders);
  EXPECT_FALSE(import(root));
  const auto location = at("restored");
  EXPECT_TRUE(
      engine::mongodb::read_catalog(location.server->connect(), "restored")->collections.empty());
}

TEST_F(DumpImport, RefusesAnArchiveThatIsCutOrChangedOrNone) {
  const auto archive = scratch_.path() / "cut.archive";
  auto bytes = read_file(recorded_dump("pixelcraft.archive")).value();
  write(archive, ByteView(bytes).first(bytes.size() / 2));
  EXPECT_EQ(plan(archive).error().code(), Code::corrupt);
  bytes[bytes.size() / 2] ^= 1U;
  write(archive, bytes);
  EXPECT_EQ(plan(archive).error().code(), Code::corrupt);
  write(archive, view_of("something else"));
  EXPECT_EQ(plan(archive).error().code(), Code::unsupported_format);
  write(archive, {});
  EXPECT_EQ(plan(archive).error().code(), Code::corrupt);
  EXPECT_EQ(plan(scratch_.path() / "missing").error().code(), Code::not_found);
  fs::create_directory(scratch_.path() / "empty");
  EXPECT_EQ(plan(scratch_.path() / "empty").error().code(), Code::unsupported_format);
}

TEST_F(DumpImport, RefusesMoreThanItMayHold) {
  const auto root = folder();
  const auto size = fs::file_size(recorded_dump("pixelcraft.archive"));
  options_.most_bytes = size;
  EXPECT_TRUE(plan(recorded_dump("pixelcraft.archive")));
  options_.most_bytes = size - 1;
  EXPECT_EQ(plan(recorded_dump("pixelcraft.archive")).error().code(), Code::refused);
  options_.most_bytes = 1000;
  EXPECT_TRUE(plan(root));
  options_.most_bytes = 300;  // of all its files together
  EXPECT_THAT(why(plan(root)), HasSubstr("unpacks to more than 300 B"));
}

TEST_F(DumpImport, TellsAFullDiskFromADumpThatIsTooLarge) {
  const auto archive = recorded_dump("pixelcraft.archive");
  options_.room = fs::file_size(archive);
  EXPECT_TRUE(plan(archive));
  --options_.room;
  EXPECT_EQ(plan(archive).error().code(), Code::no_space);
}

TEST_F(DumpImport, RefusesMetadataWithoutEndHoweverManyFilesItIsIn) {
  const auto root = folder();
  const auto with_blanks = [&](const std::string& name, std::size_t mebibytes) {
    const std::string blanks(mebibytes << 20U, ' ');
    write(root / "shop" / (name + ".metadata.json"), view_of("{}" + blanks));
    compress(root / "shop" / (name + ".metadata.json"));
    write(root / "shop" / (name + ".bson"), document(1));
  };
  with_blanks("one", 2);
  ASSERT_TRUE(plan(root)) << why(plan(root));
  with_blanks("two", 63);
  const auto refused = plan(root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_THAT(why(refused), HasSubstr("64 MiB"));
}

TEST_F(DumpImport, TakesADocumentForOneThoughItsLengthBeginsLikeGzip) {
  const auto root = folder();
  constexpr std::size_t kLength = 0x8b1f;
  const auto smallest = document(1, "").size();
  const auto looks_like_gzip = document(1, std::string(kLength - smallest, 'x'));
  ASSERT_EQ(looks_like_gzip[0], 0x1f);
  ASSERT_EQ(looks_like_gzip[1], 0x8b);
  write(root / "shop" / "orders.bson", looks_like_gzip);
  const auto planned = plan(root);
  ASSERT_TRUE(planned) << why(planned);
  EXPECT_EQ(planned->documents(), 2U);
}

TEST_F(DumpImport, FindsTheDumpBelowFoldersThatHoldNothingElse) {
  const auto outer = scratch_.path() / "outer" / "var" / "backups";
  fs::create_directories(outer);
  fs::rename(folder(), outer / "dump");
  const auto planned = plan(scratch_.path() / "outer");
  ASSERT_TRUE(planned) << why(planned);
  EXPECT_EQ(planned->database, "shop");
  write(scratch_.path() / "outer" / "note", view_of("and something else"));
  EXPECT_FALSE(plan(scratch_.path() / "outer"));
}

TEST(DumpFileNames, AreUnescaped) {
  EXPECT_EQ(unescape_file_name("types+of+values").value(), "types of values");
  EXPECT_EQ(unescape_file_name("a%2Fb%2b").value(), "a/b+");
  for (const auto* wrong : {"%", "%2", "a%zz", "%2g"})
    EXPECT_EQ(unescape_file_name(wrong).error().code(), Code::corrupt) << wrong;
}

}  // namespace
}  // namespace lifeboat::exchange::mongodump
