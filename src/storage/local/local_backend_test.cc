#include "storage/local/local_backend.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "contract/storage_contract.h"
#include "storage/local/entries.h"
#include "storage/local/temporary.h"

namespace lifeboat::storage {
namespace {

struct LocalPlace {
  Result<std::unique_ptr<Backend>> try_open(OpenMode mode = OpenMode::existing) {
    return LocalBackend::open(root(), mode, clock, random);
  }
  std::unique_ptr<Backend> open() {
    auto backend = try_open();
    return backend ? std::move(*backend) : nullptr;
  }
  fs::path root() const { return scratch.path(); }

  SystemClock clock;
  SeededRandom random{1};
  ScratchDirectory scratch = std::move(*ScratchDirectory::make());
};
INSTANTIATE_TYPED_TEST_SUITE_P(Local, StorageContract, LocalPlace);

class Local : public testing::Test {
 protected:
  std::size_t temporaries() const {
    std::error_code none;
    const fs::directory_iterator folder(place_.root() / "tmp", none);
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
  }
  Code put_code(const Key& key, ByteView bytes) {
    const auto stored = backend_->put(key, bytes);
    return stored ? Code::internal : stored.error().code();
  }
  Code get_code(const Key& key) {
    Bytes into;
    const auto read = backend_->get(key, {}, into);
    return read ? Code::internal : read.error().code();
  }
  std::vector<Key> keys(const std::string& prefix = "") {
    std::vector<Key> found;
    const auto listed = backend_->list(prefix, [&](const ObjectInfo& info) -> Result<void> {
      found.push_back(info.key);
      return {};
    });
    EXPECT_TRUE(listed) << listed.error().describe();
    return found;
  }
  LocalPlace place_;
  std::unique_ptr<Backend> backend_ = place_.open();
};

TEST_F(Local, StoresAPlainPrivateFileUnderItsKeyAndLeavesNoTemporary) {
  ASSERT_TRUE(backend_->put("packs/ab/abc", view_of("bytes")));
  struct stat status{};
  ASSERT_EQ(::stat((place_.root() / "packs/ab/abc").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(to_text(*read_file(place_.root() / "packs/ab/abc")), "bytes");
  EXPECT_EQ(put_code("packs/ab/abc", view_of("other")), Code::exists);
  EXPECT_EQ(temporaries(), 0U);
}

TEST_F(Local, TheTimeOfAnObjectIsItsFiles) {
  ASSERT_TRUE(backend_->put("a", view_of("x")));
  const timespec times[2] = {{0, UTIME_OMIT}, {1'000'000, 500'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (place_.root() / "a").c_str(), times, 0), 0);
  EXPECT_EQ(to_rfc3339(backend_->stat("a")->stored_at), "1970-01-12T13:46:40.500000Z");
}

TEST_F(Local, PublishingByLinkNeverReplacesEither) {
  const FileDescriptor root(::open(place_.root().c_str(), O_RDONLY | O_DIRECTORY));
  for (const int expected : {0, EEXIST}) {
    auto temporary = Temporary::make(root, place_.random);
    ASSERT_TRUE(temporary->write(view_of(expected == 0 ? "first" : "second")));
    EXPECT_EQ(temporary->publish_by_link(root.get(), "name"), expected);
  }
  EXPECT_EQ(to_text(*read_file(place_.root() / "name")), "first");
  EXPECT_EQ(keys(), std::vector<Key>{"name"});
}

TEST_F(Local, SweepsOnlyItsOwnOldTemporariesWhenItIsOpened) {
  const auto tmp = place_.root() / "tmp";
  ASSERT_TRUE(backend_->put("a", view_of("x")));
  const std::string old_name = "put-" + std::string(32, 'a');
  const std::string new_name = "put-" + std::string(32, 'b');
  for (const auto& name : {old_name, new_name, std::string("somebody's notes")})
    ASSERT_TRUE(write_file(tmp / name, view_of("torn")));
  const timespec times[2] = {{0, UTIME_OMIT}, {::time(nullptr) - 90'000, 0}};
  for (const auto& name : {old_name, std::string("somebody's notes")})
    ASSERT_EQ(::utimensat(AT_FDCWD, (tmp / name).c_str(), times, 0), 0);
  backend_ = place_.open();
  EXPECT_FALSE(fs::exists(tmp / old_name));
  EXPECT_TRUE(fs::exists(tmp / new_name));
  EXPECT_TRUE(fs::exists(tmp / "somebody's notes"));
  EXPECT_EQ(keys(), std::vector<Key>{"a"});
}

// Killed at any moment, a put leaves either the whole object or none.
TEST_F(Local, AKilledPutLeavesNothingVisible) {
  const pid_t child = ::fork();
  if (child == 0) {
    const Bytes bytes(4U << 20U, 5);
    for (int number = 0;; ++number) (void)backend_->put("k/" + std::to_string(number), bytes);
  }
  while (keys("k/").size() < 3) ::usleep(1000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const auto& key : keys("k/")) EXPECT_EQ(backend_->stat(key)->size, 4U << 20U);
}

TEST_F(Local, AFullDiskIsNoSpaceAndNothingIsLeft) {
  // A limit on file sizes is the full disk that needs no privileges: EFBIG in place of ENOSPC.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const bool refused = put_code("big", Bytes(5000)) == Code::no_space;
    ::_exit(refused && put_code("small", Bytes(500)) == Code::internal ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(keys(), std::vector<Key>{"small"});
  EXPECT_EQ(temporaries(), 0U);
}

TEST_F(Local, ARemovedFolderIsMadeAgain) {
  ASSERT_TRUE(backend_->put("packs/ab/a", view_of("x")));
  ASSERT_TRUE(remove_tree(place_.root() / "packs"));
  EXPECT_TRUE(backend_->put("packs/ab/b", view_of("x")));
  ASSERT_TRUE(remove_tree(place_.root() / "tmp"));
  EXPECT_TRUE(backend_->put("packs/ab/c", view_of("x")));
  EXPECT_EQ(keys("packs/").size(), 2U);
}

// "There is nothing" would be the dangerous answer, and making the root again the worse one.
TEST_F(Local, ARootThatWentAwayIsUnavailableAndNotMadeAgain) {
  ASSERT_TRUE(backend_->put("packs/a", view_of("x")));
  ASSERT_TRUE(remove_tree(place_.root()));
  for (const bool made_again : {false, true}) {
    if (made_again) {
      ASSERT_TRUE(make_directories(place_.root()));
    }
    EXPECT_EQ(put_code("packs/a", view_of("x")), Code::unavailable);
    EXPECT_EQ(get_code("packs/a"), Code::unavailable);
    EXPECT_EQ(backend_->stat("packs/a").error().code(), Code::unavailable);
    EXPECT_EQ(backend_->stat("a").error().code(), Code::unavailable);
    EXPECT_EQ(backend_->remove("packs/a").error().code(), Code::unavailable);
    EXPECT_EQ(backend_->remove("a").error().code(), Code::unavailable);
    for (const auto* prefix : {"", "packs/"})
      EXPECT_EQ(backend_->list(prefix, {}).error().code(), Code::unavailable);
  }
}

TEST_F(Local, NothingFollowsALinkOutOfTheRoot) {
  const auto outside = std::move(*ScratchDirectory::make());
  ASSERT_TRUE(write_file(outside.path() / "secret", view_of("outside")));
  fs::create_directory_symlink(outside.path(), place_.root() / "packs");
  fs::create_symlink(outside.path() / "secret", place_.root() / "config");
  EXPECT_EQ(get_code("config"), Code::corrupt);
  EXPECT_EQ(backend_->stat("config").error().code(), Code::corrupt);
  EXPECT_EQ(get_code("packs/secret"), Code::corrupt);
  EXPECT_EQ(put_code("packs/new", view_of("x")), Code::corrupt);
  EXPECT_EQ(put_code("config", view_of("outside")), Code::corrupt);
  EXPECT_EQ(backend_->remove("packs/secret").error().code(), Code::corrupt);
  EXPECT_TRUE(keys().empty());
  EXPECT_EQ(to_text(*read_file(outside.path() / "secret")), "outside");
  EXPECT_FALSE(fs::exists(outside.path() / "new"));
}

TEST_F(Local, StrangeContentsAreNeitherListedNorWaitedFor) {
  ASSERT_TRUE(backend_->put("keys/a", view_of("x")));
  ASSERT_TRUE(make_directories(place_.root() / "keys/b"));
  ASSERT_EQ(::mkfifo((place_.root() / "keys/fifo").c_str(), 0600), 0);
  ASSERT_TRUE(write_file(place_.root() / "keys/Not A Key", view_of("x")));
  ASSERT_TRUE(write_file(place_.root() / "keys/\xff\n", view_of("x")));
  EXPECT_EQ(keys(), std::vector<Key>{"keys/a"});
  for (const auto* key : {"keys/b", "keys/fifo"}) {
    EXPECT_EQ(get_code(key), Code::corrupt) << key;
    EXPECT_EQ(backend_->stat(key).error().code(), Code::corrupt) << key;
    EXPECT_EQ(put_code(key, view_of("x")), Code::corrupt) << key;
  }
  EXPECT_EQ(backend_->remove("keys/b").error().code(), Code::corrupt);
  EXPECT_EQ(put_code("keys/a/under-a-file", view_of("x")), Code::corrupt);
}

TEST_F(Local, AnImpossiblyLargeFileIsCorruptBeforeMemoryIsTaken) {
  ASSERT_TRUE(backend_->put("a", view_of("x")));
  fs::resize_file(place_.root() / "a", 1ULL << 40U);
  EXPECT_EQ(get_code("a"), Code::corrupt);
  Bytes into;
  EXPECT_TRUE(backend_->get("a", Range{1ULL << 39U, 10}, into));
  EXPECT_EQ(into, Bytes(10, 0));
}

TEST(TimeOf, AHostileTimeIsMovedIntoRange) {
  EXPECT_EQ(to_rfc3339(time_of({INT64_MAX, 0})), "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339(time_of({INT64_MIN, 0})), "1970-01-01T00:00:00Z");
}

class LocalOpen : public testing::Test {
 protected:
  Code code_of(const fs::path& root, OpenMode mode) {
    const auto opened = LocalBackend::open(root, mode, place_.clock, place_.random);
    return opened ? Code::internal : opened.error().code();
  }
  LocalPlace place_;
};

TEST_F(LocalOpen, AnAbsentRootIsNotFoundUnlessItIsToBeMade) {
  const auto root = place_.root() / "new" / "repository";
  EXPECT_EQ(code_of(root, OpenMode::existing), Code::not_found);
  EXPECT_FALSE(fs::exists(place_.root() / "new"));
  EXPECT_EQ(code_of(root, OpenMode::create), Code::internal);
  EXPECT_TRUE(fs::is_directory(root));
  EXPECT_EQ(code_of(root, OpenMode::existing), Code::internal);
}

TEST_F(LocalOpen, AFileIsNoRoot) {
  ASSERT_TRUE(write_file(place_.root() / "file", view_of("x")));
  EXPECT_EQ(code_of(place_.root() / "file", OpenMode::existing), Code::config_invalid);
  EXPECT_EQ(code_of(place_.root() / "file", OpenMode::create), Code::config_invalid);
}

TEST_F(LocalOpen, CreatingInADirectoryThatHoldsAnythingIsRefused) {
  ASSERT_TRUE(make_directories(place_.root() / "lost+found"));
  ASSERT_TRUE(make_directories(place_.root() / "tmp"));
  EXPECT_EQ(code_of(place_.root(), OpenMode::create), Code::internal);
  ASSERT_TRUE(write_file(place_.root() / ".hidden", view_of("x")));
  EXPECT_EQ(code_of(place_.root(), OpenMode::create), Code::exists);
}

TEST_F(LocalOpen, TheRootItselfMayBeALink) {
  ASSERT_TRUE(make_directories(place_.root() / "real"));
  fs::create_directory_symlink(place_.root() / "real", place_.root() / "link");
  auto backend =
      LocalBackend::open(place_.root() / "link", OpenMode::existing, place_.clock, place_.random);
  ASSERT_TRUE((*backend)->put("a", view_of("x")));
  EXPECT_TRUE(fs::exists(place_.root() / "real/a"));
}

// As an unprivileged user: root may write anywhere.
TEST_F(LocalOpen, ADirectoryWithoutWritePermissionReadsAndRefusesToChange) {
  auto backend = place_.open();
  ASSERT_TRUE(backend->put("a", view_of("kept")));
  ASSERT_EQ(::chmod(place_.root().c_str(), 0555), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    ::_exit(backend->put("b/c", view_of("x")).error().code() == Code::permission_denied ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(::chmod(place_.root().c_str(), 0755), 0);
}

}  // namespace
}  // namespace lifeboat::storage
