#include "engine/foreign/unpack.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/test_context.h"
#include "engine/foreign/filler.h"
#include "engine/foreign/test_archive.h"

namespace lifeboat::engine::foreign {
namespace {

using ::testing::HasSubstr;

class Unpacking : public ::testing::TestWithParam<std::string> {
 protected:
  ArchiveMaker make(const std::string& format) {
    options_.format = format;
    return {scratch_.path() / "archive", format};
  }

  Result<Unpacked> unpack_file(const fs::path& file) {
    fs::remove_all(into());
    fs::create_directory(into());
    const auto archive = open_file(file, O_RDONLY);
    EXPECT_TRUE(archive);
    return unpack(*archive, options_, into(), test_.context);
  }

  Error failure_of(const fs::path& file) {
    auto result = unpack_file(file);
    return result ? Error(Code::internal, "it was unpacked") : result.error();
  }

  std::string content(const std::string& path) {
    const auto bytes = read_file(into() / path);
    return bytes ? to_text(*bytes) : "(" + bytes.error().describe() + ")";
  }

  fs::path into() const { return scratch_.path() / "into"; }

  static void change(const fs::path& file, const std::function<void(Bytes&)>& how) {
    auto bytes = *read_file(file);
    how(bytes);
    ASSERT_TRUE(write_file(file, bytes));
  }

  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  TestContext test_;
  Options options_;
};

// Not compressible, so that a flipped bit is one in the data.
std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>(state >> 24U);
  }
  return text;
}

TEST_P(Unpacking, BringsBackFoldersFilesAndLinks) {
  const auto big = noise(700'000);
  const auto file = make(GetParam())
                        .folder("./")
                        .folder("uploads/")
                        .add("./uploads/a.txt", "first", 0600)
                        .add("uploads/deep/er/b.bin", big)
                        .link("uploads/newest", "a.txt")
                        .done();
  const auto unpacked = unpack_file(file);
  ASSERT_TRUE(unpacked) << unpacked.error().describe();
  EXPECT_EQ(content("uploads/a.txt"), "first");
  EXPECT_EQ(content("uploads/deep/er/b.bin"), big);
  EXPECT_EQ(fs::read_symlink(into() / "uploads/newest"), "a.txt");
  EXPECT_EQ(unpacked->bytes, big.size() + 5);
  EXPECT_EQ(unpacked->entries, 6);
  EXPECT_TRUE(unpacked->findings.empty());
  struct stat status{};
  ASSERT_EQ(::stat((into() / "uploads/a.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1'700'000'000);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_P(Unpacking, RefusesNamesThatLeadOutside) {
  const std::vector<std::string> names{"../evil", "a/../../evil", "/tmp/evil",
                                       "..",      "a/..",         std::string(5000, 'x')};
  for (const auto& name : names) {
    const auto error = failure_of(make(GetParam()).add(name, "evil").done());
    EXPECT_EQ(error.code(), Code::refused) << name << ": " << error.describe();
    EXPECT_FALSE(fs::exists(scratch_.path() / "evil"));
  }
}

TEST_P(Unpacking, GoesThroughNoLink) {
  fs::create_directory(scratch_.path() / "outside");
  const auto outside = (scratch_.path() / "outside").string();
  const auto error = failure_of(make(GetParam()).link("way", outside).add("way/evil", "e").done());
  EXPECT_EQ(error.code(), Code::refused) << error.describe();
  EXPECT_FALSE(fs::exists(scratch_.path() / "outside/evil"));
  const auto folder = failure_of(make(GetParam()).link("way", outside).folder("way/evil").done());
  EXPECT_EQ(folder.code(), Code::refused) << folder.describe();
  EXPECT_TRUE(fs::is_empty(scratch_.path() / "outside"));
}

TEST_P(Unpacking, WritesThroughNoLinkOfTheSameName) {
  const auto outside = (scratch_.path() / "outside").string();
  const auto error = failure_of(make(GetParam()).link("way", outside).add("way", "evil").done());
  EXPECT_EQ(error.code(), Code::refused) << error.describe();
  EXPECT_FALSE(fs::exists(outside));
}

TEST_P(Unpacking, SaysWhichLinksLeadOutside) {
  const auto unpacked = unpack_file(make(GetParam())
                                        .link("a/in", "../b")
                                        .link("a/out", "../../etc/shadow")
                                        .link("root", "/etc/shadow")
                                        .done());
  ASSERT_TRUE(unpacked) << unpacked.error().describe();
  ASSERT_EQ(unpacked->findings.size(), 2);
  EXPECT_EQ(unpacked->findings[0].subject, "a/out");
  EXPECT_EQ(unpacked->findings[1].subject, "root");
}

TEST_P(Unpacking, RefusesANameThatIsThereTwice) {
  const auto error = failure_of(make(GetParam()).add("a", "one").add("./a", "two").done());
  EXPECT_EQ(error.code(), Code::refused);
  EXPECT_THAT(error.describe(), HasSubstr("twice"));
}

TEST_P(Unpacking, StopsAtTheLimitOfBytes) {
  options_.limits.bytes = 1000;
  EXPECT_TRUE(unpack_file(make(GetParam()).add("a", noise(1000)).done()));
  const auto error = failure_of(make(GetParam()).add("a", noise(1001)).done());
  EXPECT_EQ(error.code(), Code::refused) << error.describe();
}

TEST_P(Unpacking, StopsAtTheLimitOfEntries) {
  options_.limits.entries = 3;
  EXPECT_TRUE(unpack_file(make(GetParam()).add("a/b/c", "x").done()));
  const auto error = failure_of(make(GetParam()).add("a/b/c", "x").add("d", "y").done());
  EXPECT_EQ(error.code(), Code::refused) << error.describe();
}

TEST_P(Unpacking, TellsACutArchive) {
  const auto file = make(GetParam()).add("a", noise(200'000)).add("b", noise(9000)).done();
  const auto size = fs::file_size(file);
  for (const auto kept : {size / 2, size - 5000, size / 50, std::uintmax_t{0}}) {
    SCOPED_TRACE(kept);
    const auto whole = *read_file(file);
    change(file, [&](Bytes& bytes) { bytes.resize(kept); });
    EXPECT_EQ(failure_of(file).code(), Code::corrupt) << failure_of(file).describe();
    ASSERT_TRUE(write_file(file, whole));
  }
  EXPECT_TRUE(unpack_file(file));
}

TEST_P(Unpacking, TellsWhatIsNoArchiveAtAll) {
  const auto file = make(GetParam()).add("a", "x").done();
  ASSERT_TRUE(write_file(file, view_of(std::string_view("<html>404 Not Found</html>"))));
  EXPECT_EQ(failure_of(file).code(), Code::corrupt);
}

INSTANTIATE_TEST_SUITE_P(Formats, Unpacking, ::testing::Values("tar", "tar.gz", "tar.zst", "zip"),
                         [](const auto& of) {
                           auto name = of.param;
                           std::erase(name, '.');
                           return name;
                         });

TEST(Filling, TellsAFullDiskFromABackupThatIsTooLarge) {
  const auto scratch = std::move(*ScratchDirectory::make());
  const auto root = scratch.path().string();
  auto unlimited = Filler::open(root, {});
  ASSERT_TRUE(unlimited && unlimited->count_bytes(1000));
  const auto full = unlimited->count_bytes(~std::uint64_t{0} >> 1U);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::no_space);
  EXPECT_THAT(full.error().describe(), HasSubstr(root));
  auto limited = Filler::open(root, {.bytes = 1000});
  ASSERT_TRUE(limited && limited->count_bytes(1000));
  const auto refused = limited->count_bytes(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
}

using UnpackingTar = Unpacking;

TEST_F(UnpackingTar, TellsATarThatEndsBetweenTwoEntries) {
  const auto file = make("tar").add("a", noise(512)).add("b", noise(512)).done();
  EXPECT_TRUE(unpack_file(file));
  change(file, [](Bytes& bytes) { bytes.resize(1024); });
  const auto error = failure_of(file);
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_THAT(error.describe(), HasSubstr("cut short"));
}

TEST_F(UnpackingTar, ChecksTheChecksumOfGzip) {
  const auto file = make("tar.gz").add("a", noise(3000)).done();
  change(file, [](Bytes& bytes) { bytes[bytes.size() - 6] ^= 1U; });
  EXPECT_EQ(failure_of(file).code(), Code::corrupt) << failure_of(file).describe();
}

TEST_F(UnpackingTar, ChecksTheChecksumInAZip) {
  const auto file = make("zip").add("a", noise(3000)).done();
  change(file, [](Bytes& bytes) { bytes[1000] ^= 1U; });
  EXPECT_EQ(failure_of(file).code(), Code::corrupt) << failure_of(file).describe();
}

TEST_F(UnpackingTar, ReadsGzipInSeveralMembersAndWithZerosAfterIt) {
  const auto file = make("tar.gz").add("a", noise(3000)).done();
  change(file, [](Bytes& bytes) { bytes.insert(bytes.end(), bytes.begin(), bytes.end()); });
  EXPECT_TRUE(unpack_file(file)) << failure_of(file).describe();
  change(file, [](Bytes& bytes) { bytes.insert(bytes.end(), 700'000, 0); });
  EXPECT_TRUE(unpack_file(file)) << failure_of(file).describe();
  change(file, [](Bytes& bytes) { bytes.back() = 1; });
  EXPECT_EQ(failure_of(file).code(), Code::corrupt);
}

TEST_F(UnpackingTar, AHardlinkIsAnotherNameOfAFileInside) {
  ASSERT_TRUE(unpack_file(make("tar").add("a", "x").name("b", "a").done()));
  EXPECT_EQ(fs::hard_link_count(into() / "a"), 2);
  ASSERT_TRUE(write_file(scratch_.path() / "secret", view_of(std::string_view("s"))));
  const std::vector<std::string> targets{"../secret", (scratch_.path() / "secret").string()};
  for (const auto& target : targets) {
    const auto error = failure_of(make("tar").name("b", target).done());
    EXPECT_EQ(error.code(), Code::refused) << error.describe();
  }
  const auto through =
      failure_of(make("tar").link("way", scratch_.path()).name("b", "way/secret").done());
  EXPECT_EQ(through.code(), Code::refused) << through.describe();
  const auto of_link =
      failure_of(make("tar").link("way", scratch_.path() / "secret").name("b", "way").done());
  EXPECT_EQ(of_link.code(), Code::refused) << of_link.describe();
  EXPECT_EQ(failure_of(make("tar").name("b", "nothing").done()).code(), Code::corrupt);
}

TEST_F(UnpackingTar, MakesNoDevicesAndGivesNoOtherRights) {
  const auto unpacked = unpack_file(make("tar").device("null").add("program", "x", 06755).done());
  ASSERT_TRUE(unpacked) << unpacked.error().describe();
  EXPECT_FALSE(fs::exists(into() / "null"));
  ASSERT_EQ(unpacked->findings.size(), 1);
  EXPECT_EQ(unpacked->findings[0].code, "special-left-out");
  struct stat status{};
  ASSERT_EQ(::stat((into() / "program").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

TEST_F(UnpackingTar, StopsABombByItsRatio) {
  auto maker = make("tar.zst");
  const std::string zeros(100U << 20U, '\0');
  for (const auto* name : {"a", "b", "c"}) maker.add(name, zeros);
  const auto error = failure_of(maker.done());
  EXPECT_EQ(error.code(), Code::refused) << error.describe();
  EXPECT_THAT(error.describe(), HasSubstr("times its size"));
}

TEST_F(UnpackingTar, SaysThatAnEncryptedZipNeedsItsOwnTool) {
  const auto error = failure_of(make("zip").encrypted().add("a", "x").done());
  EXPECT_EQ(error.code(), Code::source_unreadable) << error.describe();
  EXPECT_THAT(error.describe(), HasSubstr("encrypted"));
}

TEST_F(UnpackingTar, KeepsNamesThatAreNoUtf8) {
  for (const auto* format : {"tar", "zip"}) {
    ASSERT_TRUE(unpack_file(make(format).with_any_names().add("f\xc3\xbcr", "x").done()));
    EXPECT_EQ(content("f\xc3\xbcr"), "x") << format;
  }
  ASSERT_TRUE(unpack_file(make("tar").with_any_names().add("f\xfcr", "x").done()));
  EXPECT_EQ(content("f\xfcr"), "x");
}

TEST_F(UnpackingTar, StopsWhenAskedTo) {
  const auto file = make("tar").add("a", "x").done();
  test_.stop.request_stop();
  EXPECT_EQ(failure_of(file).code(), Code::interrupted);
}

}  // namespace
}  // namespace lifeboat::engine::foreign
