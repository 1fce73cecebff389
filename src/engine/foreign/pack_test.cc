#include "engine/foreign/pack.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/test_context.h"
#include "engine/foreign/unpack.h"

namespace lifeboat::engine::foreign {
namespace {

class PackedFiles : public ::testing::TestWithParam<Packing> {
 protected:
  void write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(write_file(from() / name, view_of(content)));
  }
  void SetUp() override {
    fs::create_directory(from());
    fs::create_directory(into());
  }
  Result<void> pack_files(const std::vector<std::string>& names) {
    const auto file = TRY(open_file(scratch_.path() / "packed", O_RDWR | O_CREAT | O_EXCL));
    return pack({from(), names, GetParam()}, file, test_.context);
  }
  Result<Unpacked> unpack_files() {
    Options options;
    options.format = GetParam() == Packing::tar ? "tar" : "tar.gz";
    const auto file = TRY(open_file(scratch_.path() / "packed", O_RDONLY));
    return unpack(file, options, into().string(), test_.context);
  }
  fs::path from() const { return scratch_.path() / "from"; }
  fs::path into() const { return scratch_.path() / "into"; }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
};

TEST_P(PackedFiles, ComeBackAsTheyWere) {
  const std::string odd = "naïve " + std::string(150, 'x') + ".jsonl";
  write("empty.jsonl", "");
  write("large.jsonl", std::string(3'000'000, 'y'));
  write(odd, "{}\n");
  ASSERT_TRUE(pack_files({"large.jsonl", "empty.jsonl", odd}));
  const auto unpacked = unpack_files();
  ASSERT_TRUE(unpacked) << unpacked.error().describe();
  EXPECT_EQ(unpacked->entries, 3U);
  EXPECT_EQ(to_text(*read_file(into() / odd)), "{}\n");
  EXPECT_EQ(read_file(into() / "large.jsonl")->size(), 3'000'000U);
  EXPECT_EQ(read_file(into() / "empty.jsonl")->size(), 0U);
}

TEST_P(PackedFiles, MustBeFilesThatAreThere) {
  EXPECT_EQ(pack_files({"missing"}).error().code(), Code::not_found);
}

TEST_P(PackedFiles, AreNoLinks) {
  write("file", "x");
  fs::create_symlink("file", from() / "link");
  EXPECT_FALSE(pack_files({"link"}));
}

INSTANTIATE_TEST_SUITE_P(InEachForm, PackedFiles, ::testing::Values(Packing::tar, Packing::tar_gz));

}  // namespace
}  // namespace lifeboat::engine::foreign
