#include "storage/open.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"

namespace lifeboat::storage {
namespace {

class OpenBackend : public testing::Test {
 protected:
  Result<std::unique_ptr<Backend>> open(const std::string& url,
                                        OpenMode mode = OpenMode::existing) {
    return open_backend(Options{.url = url}, mode, test_.clock, test_.random);
  }
  Error error(const std::string& url) {
    auto opened = open(url);
    return opened ? Error(Code::internal, "it opened") : std::move(opened).error();
  }
  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
};

TEST_F(OpenBackend, APathAndItsFileUrlAreOnePlace) {
  const auto path = (scratch_.path() / "my backups").string();
  auto created = open(path, OpenMode::create);
  ASSERT_TRUE(created) << created.error().describe();
  ASSERT_TRUE((*created)->put("a", view_of("x")));
  const auto url = "file://" + scratch_.path().string() + "/my%20backups";
  auto again = open(url);
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_TRUE((*again)->stat("a"));
  EXPECT_EQ((*again)->traits().description, "local directory " + path);
}

TEST_F(OpenBackend, AMemoryStoreIsFoundAgainByItsName) {
  ASSERT_TRUE((*open("memory:open-test", OpenMode::create))->put("a", view_of("x")));
  EXPECT_TRUE((*open("memory:open-test"))->stat("a"));
  EXPECT_EQ(error("memory:another").code(), Code::not_found);
  EXPECT_EQ(error("memory:").code(), Code::config_invalid);
}

TEST_F(OpenBackend, AnUnknownSchemeNamesTheKnownOnes) {
  for (const auto* url : {"s3:bucket/folder", "s3://bucket", "sftp://host/x", "rest:x", "host:x"}) {
    const auto refused = error(url);
    EXPECT_EQ(refused.code(), Code::config_invalid) << url;
    EXPECT_NE(refused.hint().find("file:"), std::string::npos);
    EXPECT_NE(refused.hint().find("s3: and sftp: are not built"), std::string::npos);
  }
  EXPECT_NE(error("s3:bucket").message().find("not built in this version"), std::string::npos);
}

TEST_F(OpenBackend, APlaceThatCannotBeMeantIsRefused) {
  for (const auto* url : {"", "~/backups", "file:relative", "file://host/path", "file:///a%2",
                          "file:///a%zz", "file:///a%00"})
    EXPECT_EQ(error(url).code(), Code::config_invalid) << url;
}

TEST_F(OpenBackend, APathWithAColonBehindASlashIsAPath) {
  EXPECT_EQ(error(scratch_.path().string() + "/no:such").code(), Code::not_found);
  EXPECT_EQ(error("./no:such").code(), Code::not_found);
}

TEST_F(OpenBackend, LimitsTakeEffect) {
  const Options options{.url = "memory:limited", .upload_limit = 1000, .download_limit = 1000};
  auto backend = open_backend(options, OpenMode::create, test_.clock, test_.random);
  ASSERT_TRUE((*backend)->put("a", Bytes(3000)));
  EXPECT_EQ(test_.clock.steady(), std::chrono::seconds(2));
}

}  // namespace
}  // namespace lifeboat::storage
