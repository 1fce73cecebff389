#include "engine/files/source.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <map>
#include <thread>

#include "engine/files/metadata.h"
#include "engine/files/scraps.h"
#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {
namespace {

using contract::Carried;

const Carried* entry(const contract::Capture& capture, const std::string& path) {
  for (const auto& each : capture.entries)
    if (each.info.path == path) return &each;
  return nullptr;
}

// A source that has begun, with the entry of one path in hand.
class HeldEntry {
 public:
  HeldEntry(TestFolder& folder, const std::string& path)
      : folder_(folder), source_(*folder.engine().open_source(folder.source())) {
    EXPECT_TRUE(source_->begin(folder.context()));
    do {
      entry_ = *source_->next(folder.context());
    } while (entry_ && entry_->info.path != path);
  }
  Entry& operator*() { return *entry_; }
  Entry* operator->() { return entry_.get(); }
  Json facts() {
    while (*source_->next(folder_.context())) continue;
    return source_->finish(folder_.context())->facts;
  }

 private:
  TestFolder& folder_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Entry> entry_;
};

TEST(FilesSource, KeepsLinksFifosAndHardLinksAsWhatTheyAre) {
  TestFolder folder;
  folder.write("live/b", "twice");
  fs::create_hard_link(folder.at("live/b"), folder.at("live/c"));
  folder.link("/nowhere\n", "live/a");
  ASSERT_EQ(::mkfifo(folder.at("live/p").c_str(), 0600), 0);
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  EXPECT_EQ(entry(*capture, "")->info.kind, EntryKind::directory);
  EXPECT_EQ(entry(*capture, "a")->info.kind, EntryKind::symlink);
  EXPECT_EQ(decode_metadata(entry(*capture, "a")->info.metadata)->link, "/nowhere\n");
  EXPECT_EQ(to_text(entry(*capture, "b")->content), "twice");
  EXPECT_EQ(entry(*capture, "c")->info.kind, EntryKind::hardlink);
  EXPECT_EQ(decode_metadata(entry(*capture, "c")->info.metadata)->link, "b");
  EXPECT_EQ(entry(*capture, "p")->info.kind, EntryKind::special);
  EXPECT_TRUE(capture->outcome.findings.empty());
}

TEST(FilesSource, ASocketIsSkippedAndSaid) {
  TestFolder folder;
  folder.make_folder("live");
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.at("live/s").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  EXPECT_EQ(capture->entries.size(), 1U);
  ASSERT_TRUE(find(capture->outcome.findings, "socket-skipped"));
  EXPECT_FALSE(find(capture->outcome.findings, "socket-skipped")->incomplete);
}

TEST(FilesSource, ItsOwnFolderMayBeALinkAndIsResolved) {
  TestFolder folder;
  folder.write("real/a");
  folder.link("real", "live");
  EXPECT_EQ(paths_of(*folder.capture()), (std::vector<std::string>{"", "a"}));
}

TEST(FilesSource, AMissingFolderOrAFileInItsPlaceIsUnreadable) {
  TestFolder folder;
  EXPECT_EQ(folder.capture().error().code(), Code::source_unreadable);
  folder.write("live");
  const auto error = folder.capture().error();
  EXPECT_EQ(error.code(), Code::source_unreadable);
  EXPECT_NE(error.message().find(folder.at("live")), std::string::npos);
}

TEST(FilesSource, AWrongPatternIsAMistakeInTheConfiguration) {
  TestFolder folder;
  auto options = folder.source();
  options.exclude = {"[a-"};
  EXPECT_EQ(folder.engine().open_source(options).error().code(), Code::config_invalid);
}

TEST(FilesSource, ExcludedPathsAreNotThereAndCounted) {
  TestFolder folder;
  folder.write("live/cache/x");
  folder.write("live/a.tmp");
  folder.write("live/a");
  auto options = folder.source();
  options.exclude = {"cache/", "*.tmp"};
  const auto capture = folder.capture(options);
  EXPECT_EQ(paths_of(*capture), (std::vector<std::string>{"", "a"}));
  EXPECT_EQ(capture->outcome.facts["excluded"], 2);
}

TEST(FilesSource, AVanishedFileIsNotFoundAndNotInTheFacts) {
  TestFolder folder;
  folder.write("live/a", "aaaa");
  folder.write("live/b", "b");
  HeldEntry held(folder, "a");
  fs::remove(folder.at("live/a"));
  EXPECT_EQ(held->open().error().code(), Code::not_found);
  EXPECT_EQ(held->open().error().code(), Code::not_found);
  const auto facts = held.facts();
  EXPECT_EQ(facts["files"], 1);
  EXPECT_EQ(facts["bytes"], 1);
  EXPECT_EQ(facts["largest"], 1);
}

TEST(FilesSource, AVanishedFileWithOtherNamesIsWorseThanVanished) {
  TestFolder folder;
  folder.write("live/a");
  fs::create_hard_link(folder.at("live/a"), folder.at("live/b"));
  HeldEntry held(folder, "a");
  fs::remove(folder.at("live/a"));
  EXPECT_EQ(held->open().error().code(), Code::source_unreadable);
}

TEST(FilesSource, AFileThatBecameALinkOrLostItsFolderHasVanished) {
  TestFolder folder;
  folder.write("live/a");
  folder.write("live/f/b");
  HeldEntry first(folder, "a");
  HeldEntry second(folder, "f/b");
  fs::remove(folder.at("live/a"));
  folder.link("/etc/passwd", "live/a");
  EXPECT_EQ(first->open().error().code(), Code::not_found);
  fs::rename(folder.at("live/f"), folder.at("elsewhere"));
  folder.link(folder.at("elsewhere"), "live/f");
  // The folder is still open, so the file is read from where it went, never through the link.
  EXPECT_TRUE(second->open());
}

TEST(FilesSource, AFileThatMayNotBeReadIsUnreadable) {
  TestFolder folder;
  const OrdinaryUser user(folder.at());
  folder.write("live/a", "x", 0);
  HeldEntry held(folder, "a");
  const auto error = held->open().error();
  EXPECT_EQ(error.code(), Code::source_unreadable);
  EXPECT_NE(error.message().find("a: Permission denied"), std::string::npos);
}

struct Changed {
  std::size_t size;
  bool found;
};

// Reads half of a file, lets something happen to it, and reads on.
template <class Happen>
Changed read_around(TestFolder& folder, const Happen& happen) {
  HeldEntry held(folder, "a");
  const auto reader = *held->open();
  Bytes half(50);
  auto size = *reader->read(half);
  happen();
  Bytes rest(1000);
  size += *reader->read(rest);
  const auto findings = reader->finish();
  EXPECT_EQ(held.facts()["bytes"], size);
  return {size, find(findings, "file-changed") != nullptr};
}

TEST(FilesSource, AFileThatStaysAsItIsHasNoFinding) {
  TestFolder folder;
  folder.write("live/a", std::string(100, 'x'));
  const auto result = read_around(folder, [] {});
  EXPECT_EQ(result.size, 100U);
  EXPECT_FALSE(result.found);
}

TEST(FilesSource, AFileThatShrinksIsShorterAndFoundChanged) {
  TestFolder folder;
  folder.write("live/a", std::string(100, 'x'));
  const auto result = read_around(folder, [&] { fs::resize_file(folder.at("live/a"), 70); });
  EXPECT_EQ(result.size, 70U);
  EXPECT_TRUE(result.found);
}

TEST(FilesSource, AFileThatGrowsIsReadToItsSizeAtOpeningAndFoundChanged) {
  TestFolder folder;
  folder.write("live/a", std::string(100, 'x'));
  const auto result = read_around(folder, [&] { fs::resize_file(folder.at("live/a"), 700); });
  EXPECT_EQ(result.size, 100U);
  EXPECT_TRUE(result.found);
}

TEST(FilesSource, AFileThatIsReplacedBeforeItIsOpenedIsReadWholeAndFoundChanged) {
  TestFolder folder;
  folder.write("live/a", "old");
  HeldEntry held(folder, "a");
  folder.write("live/new", "new and longer");
  fs::rename(folder.at("live/new"), folder.at("live/a"));
  const auto reader = *held->open();
  EXPECT_EQ(to_text(*contract::read_all(*reader)), "new and longer");
  EXPECT_EQ(reader->finish().size(), 1U);
}

TEST(FilesSource, HolesAreReadAsZerosAndKnownInTheMetadata) {
  TestFolder folder;
  folder.write("live/a", "begin");
  const auto file = *open_file(folder.at("live/a"), O_WRONLY);
  ASSERT_EQ(::ftruncate(file.get(), 40 << 20), 0);
  ASSERT_TRUE(write_at(file.get(), 20 << 20, view_of("middle")));
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  const auto& content = entry(*capture, "a")->content;
  ASSERT_EQ(content.size(), std::size_t{40} << 20U);
  EXPECT_EQ(to_text(ByteView(content).first(5)), "begin");
  EXPECT_EQ(to_text(ByteView(content).subspan(20 << 20, 6)), "middle");
  EXPECT_EQ(std::ranges::count(content, 0), std::ptrdiff_t{40 << 20} - 11);
  EXPECT_TRUE(decode_metadata(entry(*capture, "a")->info.metadata)->sparse);
  EXPECT_TRUE(capture->outcome.findings.empty());
}

TEST(FilesSource, UserAttributesAreInTheMetadata) {
  TestFolder folder;
  folder.write("live/a");
  ASSERT_EQ(::setxattr(folder.at("live/a").c_str(), "user.origin", "camera", 6, 0), 0);
  ASSERT_EQ(::setxattr(folder.at("live").c_str(), "user.empty", "", 0, 0), 0);
  const auto capture = folder.capture();
  LIFEBOAT_OK(capture);
  const auto of_file = decode_metadata(entry(*capture, "a")->info.metadata)->attributes;
  EXPECT_EQ(of_file, (std::vector<Attribute>{{"user.origin", to_bytes("camera")}}));
  const auto of_top = decode_metadata(entry(*capture, "")->info.metadata)->attributes;
  EXPECT_EQ(of_top, (std::vector<Attribute>{{"user.empty", {}}}));
}

TEST(FilesSource, AFolderWithAnUnfinishedRestoreIsIncomplete) {
  TestFolder folder;
  folder.write("live/" + std::string(kMarkerName));
  folder.write("live/f/" + temporary_name());
  folder.write("live/a");
  const auto capture = folder.capture();
  EXPECT_EQ(paths_of(*capture), (std::vector<std::string>{"", "a", "f"}));
  EXPECT_TRUE(find(capture->outcome.findings, "restore-in-progress")->incomplete);
}

TEST(FilesSource, ReadersWorkInOtherThreadsWhileTheWalkGoesOn) {
  TestFolder folder;
  for (int i = 0; i < 300; ++i)
    folder.write("live/d" + std::to_string(i) + "/f", std::to_string(i));
  const auto source = *folder.engine().open_source(folder.source());
  ASSERT_TRUE(source->begin(folder.context()));
  std::vector<std::unique_ptr<Entry>> entries;
  while (auto next = *source->next(folder.context()))
    if (next->info.kind == EntryKind::file) entries.push_back(std::move(next));
  std::atomic<int> right{0};
  const auto read = [&](std::size_t from) {
    for (auto i = from; i < entries.size(); i += 4) {
      const auto reader = entries[i]->open();
      const auto expected = entries[i]->info.path.substr(1, entries[i]->info.path.find('/') - 1);
      right += reader && to_text(*contract::read_all(**reader)) == expected ? 1 : 0;
      if (reader) (*reader)->finish();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(read, i);
  }
  EXPECT_EQ(right, 300);
  EXPECT_EQ(source->finish(folder.context())->facts["files"], 300);
}

std::map<std::string, std::string> tokens(TestFolder& folder) {
  const auto source = *folder.engine().open_source(folder.source());
  EXPECT_TRUE(source->begin(folder.context()));
  std::map<std::string, std::string> tokens;
  while (const auto next = *source->next(folder.context()))
    tokens[next->info.path] = next->change_token;
  return tokens;
}

TEST(FilesSource, OnlyWhatDidNotChangeHasTheTokenOfLastTime) {
  TestFolder folder;
  for (const auto* const name : {"same", "grown", "touched", "rewritten", "mode", "replaced"})
    folder.write(std::string("live/") + name, "12345");
  folder.test().clock.set(SystemClock().now() + std::chrono::minutes(1));
  const auto before = tokens(folder);
  EXPECT_EQ(tokens(folder), before);
  const auto times = folder.status("live/rewritten").st_mtim;
  folder.write("live/grown", "123456");
  folder.set_time("live/touched", 1'000'000'000);
  // Even with the time of before: nobody can set when an inode changed.
  folder.write("live/rewritten", "54321");
  folder.set_time("live/rewritten", times.tv_sec, times.tv_nsec);
  folder.set_mode("live/mode", 0600);
  folder.write("live/other", "12345");
  fs::rename(folder.at("live/other"), folder.at("live/replaced"));
  for (const auto& [path, token] : tokens(folder)) {
    EXPECT_FALSE(token.empty()) << path;
    EXPECT_EQ(token == before.at(path), path == "same") << path;
  }
}

struct stat settled_status() {
  struct stat status{};
  status.st_size = 10;
  status.st_mtim = {100, 5};
  status.st_ctim = {100, 7};
  status.st_ino = 42;
  status.st_mode = S_IFREG | 0644;
  return status;
}

constexpr std::int64_t kLongAfter = 200'000'000'000;

TEST(ChangeToken, DiffersWithEachThingThatMayChange) {
  const auto token = change_token_of(settled_status(), kLongAfter);
  EXPECT_FALSE(token.empty());
  EXPECT_EQ(token, change_token_of(settled_status(), kLongAfter));
  const std::vector<void (*)(struct stat&)> changes{
      [](struct stat& s) { ++s.st_size; },         [](struct stat& s) { ++s.st_mtim.tv_nsec; },
      [](struct stat& s) { ++s.st_ctim.tv_nsec; }, [](struct stat& s) { ++s.st_ino; },
      [](struct stat& s) { s.st_mode ^= 1U; },     [](struct stat& s) { ++s.st_uid; },
      [](struct stat& s) { ++s.st_gid; },
  };
  for (const auto change : changes) {
    auto status = settled_status();
    change(status);
    EXPECT_NE(change_token_of(status, kLongAfter), token);
  }
}

TEST(ChangeToken, IsEmptyForWhatChangedJustBeforeTheWalkOrLater) {
  constexpr std::int64_t kChanged = 100'000'000'007;
  EXPECT_EQ(change_token_of(settled_status(), kChanged), "");
  EXPECT_EQ(change_token_of(settled_status(), kChanged + 1'999'999'999), "");
  EXPECT_EQ(change_token_of(settled_status(), kChanged - 50'000'000'000), "");
  EXPECT_NE(change_token_of(settled_status(), kChanged + 2'000'000'000), "");
}

}  // namespace
}  // namespace lifeboat::engine::files
