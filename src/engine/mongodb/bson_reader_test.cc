#include "engine/mongodb/bson_reader.h"

#include <gtest/gtest.h>

#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {
namespace {

struct Gathered {
  std::vector<Bytes> documents;
  BsonReader::Visit visit() {
    return [this](DocumentView document) -> Result<void> {
      documents.push_back(to_bytes(document.bytes()));
      return {};
    };
  }
};

std::vector<Bytes> some_documents() {
  RandomDocuments random(11);
  std::vector<Bytes> documents;
  for (int i = 0; i < 40; ++i) documents.push_back(random.next());
  return documents;
}

Bytes joined(const std::vector<Bytes>& documents) {
  Bytes all;
  for (const auto& each : documents) append(all, each);
  return all;
}

TEST(BsonReader, GivesTheSameDocumentsWhateverTheChunks) {
  const auto documents = some_documents();
  const auto all = joined(documents);
  for (const std::size_t size : {1UL, 2UL, 3UL, 5UL, 64UL, 1000UL, all.size()}) {
    BsonReader reader;
    Gathered gathered;
    for (std::size_t at = 0; at < all.size(); at += size)
      ASSERT_TRUE(reader.feed(ByteView(all).subspan(at, std::min(size, all.size() - at)),
                              gathered.visit()));
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(gathered.documents, documents);
    EXPECT_EQ(reader.documents(), documents.size());
    EXPECT_EQ(reader.position(), all.size());
  }
}

TEST(BsonReader, AnEmptyStreamHasNoDocuments) { EXPECT_TRUE(BsonReader().finish()); }

TEST(BsonReader, NamesTheDocumentInWhichTheStreamEnds) {
  const auto one = bson_of(R"({"a":1})");
  auto all = joined({one, one});
  all.pop_back();
  BsonReader reader;
  Gathered gathered;
  ASSERT_TRUE(reader.feed(all, gathered.visit()));
  const auto end = reader.finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Code::corrupt);
  EXPECT_EQ(end.error().message(),
            "the documents end inside the one that begins at byte 12: 11 bytes of it are there");
}

TEST(BsonReader, RefusesALengthBeforeAnythingOfThatLengthIsThere) {
  for (const std::uint32_t size :
       {0U, 4U, 0x7fffffffU, 0xffffffffU, static_cast<std::uint32_t>(kMaxDocument + 1)}) {
    BsonReader reader;
    Gathered gathered;
    EXPECT_FALSE(reader.feed(ByteWriter().u32(size).bytes(), gathered.visit())) << size;
  }
}

TEST(BsonReader, TakesTheLargestDocumentAndNoLarger) {
  const auto of_size = [](std::size_t size) {
    return DocumentBuilder().text("a", std::string(size - 13, 'x')).take();
  };
  Gathered gathered;
  EXPECT_EQ(of_size(kMaxDocument).size(), kMaxDocument);
  EXPECT_TRUE(BsonReader().feed(of_size(kMaxDocument), gathered.visit()));
  EXPECT_FALSE(BsonReader().feed(of_size(kMaxDocument + 1), gathered.visit()));
  EXPECT_FALSE(BsonReader(100).feed(of_size(101), gathered.visit()));
}

TEST(BsonReader, SaysWhereInTheStreamADocumentIsWrong) {
  const auto good = bson_of(R"({"a":1})");
  auto bad = good;
  bad[4] = 0x77;
  BsonReader reader;
  Gathered gathered;
  const auto fed = reader.feed(joined({good, bad}), gathered.visit());
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().describe(),
            "the document at byte 12: not BSON: at byte 4 an element is unknown or does not fit");
}

TEST(BsonReader, PassesOnWhatTheVisitorSays) {
  const auto stop = [](DocumentView) -> Result<void> { return fail(Code::no_space, "full"); };
  EXPECT_EQ(BsonReader().feed(bson_of("{}"), stop).error().code(), Code::no_space);
}

TEST(DocumentDigest, DoesNotDependOnOrderButOnEveryDocument) {
  auto documents = some_documents();
  DocumentDigest first;
  for (const auto& each : documents) first.add(each);
  std::reverse(documents.begin(), documents.end());
  DocumentDigest second;
  for (const auto& each : documents) second.add(each);
  EXPECT_EQ(first.sum(), second.sum());
  EXPECT_EQ(first.sum().count, documents.size());
  EXPECT_EQ(first.sum().bytes, joined(documents).size());
  second.add(bson_of("{}"));
  EXPECT_NE(first.sum().digest, second.sum().digest);
}

TEST(DocumentDigest, OfOneDocumentIsItsHash) {
  const auto document = bson_of(R"({"a":1})");
  DocumentDigest digest;
  digest.add(document);
  EXPECT_EQ(digest.sum().digest.hex(), crypto::sha256(document).hex());
}

TEST(DocumentDigest, NaturalOrderTellsTwoOrdersApart) {
  const auto one = bson_of(R"({"a":1})");
  const auto two = bson_of(R"({"a":2})");
  const auto natural = [](const std::vector<Bytes>& documents) {
    DocumentDigest digest(NaturalOrder::hashed);
    for (const auto& each : documents) digest.add(each);
    return digest.finish_natural().value();
  };
  EXPECT_EQ(natural({one, two}), crypto::sha256(joined({one, two})));
  EXPECT_NE(natural({one, two}), natural({two, one}));
  EXPECT_FALSE(DocumentDigest().finish_natural());
}

TEST(DocumentDigest, PartsAddUpToTheWhole) {
  const auto documents = some_documents();
  DocumentDigest whole, left, right;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    whole.add(documents[i]);
    (i % 3 == 0 ? left : right).add(documents[i]);
  }
  auto sum = left.sum();
  sum.add(right.sum());
  EXPECT_EQ(sum, whole.sum());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
