#include "exchange/archive_reader.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace lifeboat::exchange {
namespace {

using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;

struct Gathered : ArchiveVisitor {
  ArchiveHead about;
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::uint64_t> seen;
  std::map<std::string, std::uint64_t> completed;

  Result<void> head(const ArchiveHead& head) override {
    about = head;
    return {};
  }
  Result<void> collection(const ArchiveCollection& collection) override {
    metadata[collection.name()] = collection.metadata;
    return {};
  }
  Result<void> document(const ArchiveCollection& of, DocumentView) override {
    ++seen[of.name()];
    return {};
  }
  Result<void> complete(const ArchiveCollection& collection, std::uint64_t documents) override {
    completed[collection.name()] = documents;
    return {};
  }
};

Result<Gathered> gathered(ByteView archive, std::size_t chunk = 1U << 16U) {
  ArchiveReader reader;
  Gathered all;
  for (std::size_t at = 0; at < archive.size(); at += chunk)
    TRY(reader.feed(archive.subspan(at, std::min(chunk, archive.size() - at)), all));
  TRY(reader.finish());
  return all;
}

Bytes recorded() {
  const auto tests = fs::path(__FILE__).parent_path().parent_path().parent_path() / "tests";
  return read_file(tests / "fixtures/mongodump/pixelcraft.archive").value();
}

// A small archive, in pieces that a test may change.
Bytes number(std::uint32_t value) { return ByteWriter().u32(value).take(); }
Bytes small_head(const std::string& version = "0.1") {
  return DocumentBuilder().text("version", version).take();
}
Bytes named(const std::string& type = "collection") {
  return DocumentBuilder().text("db", "d").text("collection", "c").text("type", type).take();
}
Bytes segment_header(bool end = false, std::uint64_t crc = 0) {
  DocumentBuilder builder;
  builder.text("db", "d").text("collection", "c").boolean("EOF", end);
  return builder.int64("CRC", static_cast<std::int64_t>(crc)).take();
}
const Bytes kMagicNumber = number(0x8199e26d);
const Bytes kEndOfPart = number(0xffffffff);

Bytes in_order(const std::vector<Bytes>& pieces) {
  Bytes all;
  for (const auto& each : pieces) append(all, each);
  return all;
}

Code code_of(const std::vector<Bytes>& pieces) { return gathered(in_order(pieces)).error().code(); }

TEST(Crc64, IsThatOfEcma182Reflected) {
  Crc64 crc;
  EXPECT_EQ(crc.value(), 0U);
  crc.update(to_bytes("1234"));
  crc.update(to_bytes("56789"));
  EXPECT_EQ(crc.value(), 0x995DC9BBDF1939FAULL);
}

TEST(ArchiveReader, ReadsAnArchiveOfMongodump) {
  const auto all = gathered(recorded()).value();
  EXPECT_EQ(all.about.format_version, "0.1");
  EXPECT_EQ(all.about.server_version, "7.0.42");
  EXPECT_EQ(all.completed, (std::map<std::string, std::uint64_t>{{"pixelcraft._migrations", 6},
                                                                 {"pixelcraft.audit_log", 300},
                                                                 {"pixelcraft.capped_log", 60},
                                                                 {"pixelcraft.empty_collection", 0},
                                                                 {"pixelcraft.filemetas", 40},
                                                                 {"pixelcraft.orders", 2000},
                                                                 {"pixelcraft.readings", 1000},
                                                                 {"pixelcraft.types of values", 17},
                                                                 {"pixelcraft.users", 500}}));
  EXPECT_EQ(all.metadata.size(), 9U);
  EXPECT_NE(all.metadata.at("pixelcraft.capped_log").find(R"("capped":true)"), std::string::npos);
}

TEST(ArchiveReader, ReadsTheSameWhateverTheChunks) {
  const auto archive = recorded();
  for (const std::size_t chunk : {3UL, 100UL, archive.size()})
    EXPECT_EQ(gathered(archive, chunk)->completed, gathered(archive)->completed);
}

TEST(ArchiveReader, SeesEveryCut) {
  const auto archive = recorded();
  for (std::size_t size = 0; size < archive.size(); size += 1 + size / 40)
    EXPECT_FALSE(gathered(ByteView(archive).first(size))) << size;
  EXPECT_FALSE(gathered(ByteView(archive).first(archive.size() - 1)));
}

TEST(ArchiveReader, SeesAFlippedByteOfADocument) {
  for (const std::size_t at : {3060UL, 60'000UL, 200'000UL, 500'000UL}) {
    auto archive = recorded();
    archive[at] ^= 0x10;
    const auto read = gathered(archive);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().code(), Code::corrupt);
  }
}

TEST(ArchiveReader, NamesTheCollectionWhoseDocumentsAreNotTheArchives) {
  const auto document = DocumentBuilder().int32("_id", 1).take();
  const auto read =
      gathered(in_order({kMagicNumber, small_head(), named(), kEndOfPart, segment_header(),
                         document, kEndOfPart, segment_header(true, 7), kEndOfPart}));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find("the checksum of the 1 documents of d.c"),
            std::string::npos)
      << read.error().message();
}

TEST(ArchiveReader, NamesTheCollectionsThatAreNotComplete) {
  const auto read = gathered(in_order({kMagicNumber, small_head(), named(), kEndOfPart}));
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().message().ends_with("before these are complete: d.c"));
  EXPECT_TRUE(gathered(in_order({kMagicNumber, small_head(), named("view"), kEndOfPart})));
  EXPECT_TRUE(gathered(in_order(
      {kMagicNumber, small_head(), named(), kEndOfPart, segment_header(true), kEndOfPart})));
}

TEST(ArchiveReader, RefusesWhatIsNoArchiveOrAnotherVersion) {
  EXPECT_EQ(code_of({to_bytes("PK\x03\x04 rest")}), Code::unsupported_format);
  EXPECT_EQ(code_of({kMagicNumber, small_head("0.2")}), Code::unsupported_format);
  EXPECT_EQ(code_of({}), Code::corrupt);
}

TEST(ArchiveReader, BoundsTheMetadataOfAllCollections) {
  const std::string large(15U << 20U, ' ');
  const auto archive = [&](int count) {
    auto all = in_order({kMagicNumber, small_head()});
    for (int i = 0; i < count; ++i)
      append(all, DocumentBuilder()
                      .text("db", "d")
                      .text("collection", std::to_string(i))
                      .text("type", "view")
                      .text("metadata", large)
                      .take());
    append(all, kEndOfPart);
    return all;
  };
  EXPECT_TRUE(gathered(archive(4)));
  EXPECT_EQ(gathered(archive(5)).error().code(), Code::refused);
}

TEST(ArchiveReader, RefusesPartsInTheWrongPlace) {
  const auto end = segment_header(true);
  EXPECT_EQ(code_of({kMagicNumber, kEndOfPart}), Code::corrupt);
  EXPECT_EQ(code_of({kMagicNumber, small_head(), named(), named()}), Code::corrupt);
  EXPECT_EQ(code_of({kMagicNumber, small_head(), kEndOfPart, kEndOfPart}), Code::corrupt);
  EXPECT_EQ(code_of({kMagicNumber, small_head(), kEndOfPart, end, kEndOfPart, end}), Code::corrupt);
  EXPECT_EQ(code_of({kMagicNumber, small_head(), kEndOfPart, end, small_head()}), Code::corrupt);
  EXPECT_EQ(code_of({kMagicNumber, number(0x7fffffff)}), Code::corrupt);
}

TEST(ArchiveReader, FindsTheDocumentsOfATimeSeriesUnderTheNameOfItsBuckets) {
  const auto header = [](const std::string& name, bool end) {
    return DocumentBuilder()
        .text("db", "d")
        .text("collection", name)
        .boolean("EOF", end)
        .int64("CRC", 0)
        .take();
  };
  const auto archive_of = [&](const std::string& type, const std::string& name) {
    return in_order(
        {kMagicNumber, small_head(), named(type), kEndOfPart, header(name, true), kEndOfPart});
  };
  const auto series = gathered(archive_of("timeseries", "system.buckets.c"));
  ASSERT_TRUE(series) << series.error().describe();
  EXPECT_TRUE(series->completed.contains("d.system.buckets.c"));
  EXPECT_TRUE(gathered(archive_of("collection", "c")));
  const auto without = gathered(archive_of("timeseries", "c"));
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), Code::refused);
  EXPECT_NE(without.error().message().find("d.c is a time series without buckets"),
            std::string::npos);
  const auto missing =
      gathered(in_order({kMagicNumber, small_head(), named("timeseries"), kEndOfPart}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::corrupt);
  EXPECT_NE(missing.error().message().find("d.system.buckets.c"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::exchange
