#pragma once
// For this room's tests: a repository on a medium in memory with small packs, used through its
// public interface, whose objects can be damaged and whose calls can be watched. For one thread.
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>

#include "base/file.h"
#include "base/json_value.h"
#include "base/test_context.h"
#include "repository/repository.h"
#include "repository/test_store.h"
#include "storage/memory/memory_backend.h"
#include "storage/wrap/fault.h"

namespace lifeboat::repository {

using RepositoryPointer = std::unique_ptr<Repository>;
using Contents = std::map<std::string, Bytes>;  // by path

// Two segments of some_files() fill a pack.
constexpr std::size_t kTestPack = 600U << 10U;

// Tests that do something at every call do it at every n-th under the thread sanitizer: it looks
// for races, not for orders of steps, and makes each try ten times as long.
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t kCallStep = 7;
#else
constexpr std::uint64_t kCallStep = 1;
#endif

// What happens before a call reaches the medium, in the thread of the call: readers have several.
using Watch = std::function<void(storage::Call, const std::string& key)>;

class WatchedBackend final : public storage::Backend {
 public:
  WatchedBackend(std::shared_ptr<storage::MemoryStore> store, const Clock& clock,
                 const Watch& watch, std::atomic<std::uint64_t>& read)
      : memory_(std::move(store), clock), watch_(watch), read_(read) {}

  Result<void> put(const storage::Key& key, ByteView bytes) override {
    tell(storage::Call::put, key);
    return memory_.put(key, bytes);
  }
  Result<void> get(const storage::Key& key, storage::Range range, Bytes& into) override {
    tell(storage::Call::get, key);
    auto got = memory_.get(key, range, into);
    if (got) read_ += into.size();
    return got;
  }
  Result<storage::ObjectInfo> stat(const storage::Key& key) override {
    tell(storage::Call::stat, key);
    return memory_.stat(key);
  }
  Result<void> list(const std::string& prefix, const Visitor& visit) override {
    tell(storage::Call::list, prefix);
    return memory_.list(prefix, visit);
  }
  Result<void> remove(const storage::Key& key) override {
    tell(storage::Call::remove, key);
    return memory_.remove(key);
  }
  storage::Traits traits() const override { return {"memory for tests", kTestPack, 4}; }

 private:
  void tell(storage::Call call, const std::string& key) {
    if (watch_) watch_(call, key);
  }

  storage::MemoryBackend memory_;
  const Watch& watch_;
  std::atomic<std::uint64_t>& read_;
};

class BytesReader final : public Reader {
 public:
  explicit BytesReader(ByteView bytes) : bytes_(bytes) {}
  Result<std::size_t> read(ByteSpan into) override {
    const auto size = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.begin(), size, into.begin());
    bytes_ = bytes_.subspan(size);
    return size;
  }

 private:
  ByteView bytes_;
};

// One place with one repository, and the machines that use it: each has its key and its cache.
class TestPlace {
 public:
  TestPlace() : scratch_(*ScratchDirectory::make()) {}

  const RunContext& context() { return test.context; }

  Result<RepositoryPointer> create() {
    return Repository::create(medium(), key_of("admin"), options("admin"), context());
  }
  // By the key of that name; `machine` chooses the cache.
  Result<RepositoryPointer> open(const std::string& key, const std::string& machine) {
    return open_on(medium(), key, machine);
  }
  Result<RepositoryPointer> open(const std::string& key) { return open(key, key); }
  Result<RepositoryPointer> open_on(std::unique_ptr<storage::Backend> backend,
                                    const std::string& key, const std::string& machine) {
    return Repository::open(std::move(backend), key_of(key), options(machine), context());
  }
  Result<RepositoryPointer> open_new(Repository& admin, Role role, const std::string& name) {
    TRY(admin.add_key({role, name, key_of(name), std::nullopt}, context()));
    return open(name);
  }

  std::unique_ptr<storage::Backend> medium() {
    return std::make_unique<WatchedBackend>(store, test.clock, watch, read);
  }
  static Credential key_of(const std::string& name) {
    return KeyFile{Secret(random_bytes(32, std::hash<std::string>()(name)))};
  }
  Options options(const std::string& machine) const {
    return {.cache = scratch_.path() / machine, .workers = 1};
  }

  // Keys of objects that begin so.
  std::vector<std::string> keys(const std::string& prefix) const {
    std::vector<std::string> found;
    for (const auto& info : store->list(prefix)) found.push_back(info.key);
    return found;
  }
  std::uint64_t bytes_of(const std::string& prefix) const {
    std::uint64_t total = 0;
    for (const auto& info : store->list(prefix)) total += info.size;
    return total;
  }
  Bytes object(const std::string& key) const { return *store->find(key)->bytes; }
  void replace(const std::string& key, ByteView bytes) {
    store->remove(key);
    ASSERT_TRUE(store->put(key, bytes, test.clock.now()));
  }
  std::map<std::string, Bytes> all() const {
    std::map<std::string, Bytes> objects;
    for (const auto& key : keys("")) objects[key] = object(key);
    return objects;
  }
  void restore_all(const std::map<std::string, Bytes>& objects) {
    for (const auto& key : keys("")) store->remove(key);
    for (const auto& [key, bytes] : objects) replace(key, bytes);
  }

  TestContext test;
  std::shared_ptr<storage::MemoryStore> store = std::make_shared<storage::MemoryStore>();
  Watch watch;
  std::atomic<std::uint64_t> read = 0;  // bytes, of all machines

 private:
  ScratchDirectory scratch_;
};

inline SnapshotDraft draft_of(const std::string& service = "shop") {
  SnapshotDraft draft;
  draft.service = service;
  draft.host = "host";
  draft.version = "0.1";
  draft.config = Json::object();
  return draft;
}

inline Result<void> add_file(SnapshotWriter& writer, std::size_t source,
                             const Contents::value_type& file, const RunContext& context) {
  const auto& [path, bytes] = file;
  BytesReader content(bytes);
  auto stored = TRY(writer.add_stream({Profile::tree, 0, bytes.size()}, content, context));
  EntryRecord entry;
  entry.info.path = path;
  entry.info.size = stored.size;
  entry.info.profile = Profile::tree;
  entry.chunks = std::move(stored.chunks);
  return writer.add_entry(source, entry, context);
}

// Everything but the commit, in one source "files".
inline Result<void> fill(SnapshotWriter& writer, const Contents& files, const RunContext& context) {
  const auto source = TRY(writer.begin_source("files", "files"));
  for (const auto& file : files) TRY(add_file(writer, source, file, context));
  return writer.finish_source(source, {Json::object(), Json::object(), {}}, context);
}

inline Result<SnapshotInfo> back_up(Repository& repository, const Contents& files,
                                    const RunContext& context) {
  const auto writer = TRY(repository.begin(draft_of(), context));
  TRY(fill(*writer, files, context));
  return writer->commit(context.clock.now(), true, context);
}

// All content, by fetch(), and whether open_content() says the same.
inline Result<Contents> read_back(Repository& repository, const SnapshotId& id,
                                  const RunContext& context) {
  const auto snapshot = TRY(repository.open_snapshot(id, context));
  Contents files;
  for (const auto& source : snapshot->sources()) {
    std::vector<std::pair<EntryRecord, Bytes*>> entries;
    const auto take = [&](EntryRecord&& entry) -> Result<void> {
      auto& bytes = files[entry.info.path];
      bytes.resize(entry.info.size);
      entries.emplace_back(std::move(entry), &bytes);
      return {};
    };
    TRY(snapshot->entries(source, take, context));
    std::vector<ChunkRequest> requests;
    std::vector<std::uint8_t*> targets;
    for (const auto& [entry, bytes] : entries) {
      auto* target = bytes->data();
      for (const auto& chunk : entry.chunks) {
        requests.push_back({chunk, targets.size()});
        targets.push_back(target);
        target += chunk.length;
      }
    }
    const auto deliver = [&](std::uint64_t tag, ByteView chunk) -> Result<void> {
      std::memcpy(targets[tag], chunk.data(), chunk.size());
      return {};
    };
    TRY(snapshot->fetch(requests, deliver, context));
  }
  return files;
}

// A few files of several packs; `version` changes every second of the large ones.
inline Contents some_files(std::uint64_t version = 0) {
  constexpr std::size_t kLarge = 270'000;  // a segment of its own
  Contents files;
  for (std::uint64_t i = 0; i < 4; ++i)
    files["large" + std::to_string(i)] =
        random_bytes(kLarge, i % 2 == 0 ? i : 100 * (version + 1) + i);
  files["small"] = wordy_bytes(300, 7);
  files["empty"] = {};
  files["version"] = wordy_bytes(1000, version);
  return files;
}

#define ASSERT_OK(result)                                   \
  do {                                                      \
    const auto& ok_ = (result);                             \
    ASSERT_TRUE(ok_.has_value()) << ok_.error().describe(); \
  } while (false)
#define EXPECT_CODE(result, expected)                                      \
  do {                                                                     \
    const auto& told_ = (result);                                          \
    ASSERT_FALSE(told_.has_value());                                       \
    EXPECT_EQ(told_.error().code(), expected) << told_.error().describe(); \
  } while (false)

}  // namespace lifeboat::repository
