#include "engine/mongodb/gridfs.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/file.h"
#include "base/json_value.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/query.h"
#include "engine/mongodb/utf8.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kFilesSuffix = ".files";
constexpr std::string_view kChunksSuffix = ".chunks";
constexpr std::size_t kMostNamed = 20;
constexpr std::size_t kLongestFileName = 200;

// One transaction, never committed to anything that outlives this process; of the memory that it
// takes the cache is all.
constexpr std::array kTables{
    "PRAGMA journal_mode=MEMORY",
    "PRAGMA synchronous=OFF",
    "PRAGMA cache_size=-8192",
    "PRAGMA temp_store=FILE",
    "BEGIN",
    "CREATE TABLE files(bucket TEXT, id TEXT, name TEXT, length INTEGER, size INTEGER)",
    "CREATE TABLE chunks(bucket TEXT, id TEXT, n INTEGER, length INTEGER)",
};

constexpr std::string_view kEachChunkOfEachFile =
    "SELECT f.rowid, f.name, f.length, f.size, c.n, c.length FROM files f "
    "LEFT JOIN chunks c ON c.bucket = f.bucket AND c.id = f.id "
    "WHERE f.bucket = ? ORDER BY f.rowid, c.n";
constexpr std::string_view kChunksOfNoFile =
    "SELECT count(*) FROM chunks c WHERE c.bucket = ? AND NOT EXISTS "
    "(SELECT 1 FROM files f WHERE f.bucket = c.bucket AND f.id = c.id)";

// A whole number has many types, and a driver need not take the same one in both collections.
std::string id_text(const Element& id) {
  if (const auto number = id.integer()) return "number " + std::to_string(*number);
  Bytes bytes{static_cast<std::uint8_t>(id.type)};
  append(bytes, id.value);
  return crypto::sha256(bytes).hex();
}

std::optional<std::int64_t> whole_number_at(DocumentView document, std::string_view key) {
  const auto element = document.find(key);
  return element ? element->integer() : std::nullopt;
}

std::string name_of_file(DocumentView file) {
  auto element = file.find("filename");
  if (!element || !element->text()) element = file.find("_id");
  if (!element) return "without _id";
  return first_characters(canonical_json(json_of(*element)), kLongestFileName);
}

// Without length and subtype; of the old subtype 2 also without its second length.
std::optional<std::int64_t> size_of_data(DocumentView chunk) {
  constexpr std::int64_t kBeforeData = 5;
  constexpr std::uint8_t kOldSubtype = 2;
  const auto data = chunk.find("data");
  if (!data || !data->holds(BsonType::binary)) return std::nullopt;
  const auto before = kBeforeData + (data->value[kBeforeData - 1] == kOldSubtype ? 4 : 0);
  return static_cast<std::int64_t>(data->value.size()) - before;
}

// Looks at the chunks of one file, which come by their number.
class FileVerdict {
 public:
  FileVerdict(std::int64_t length, std::int64_t size) : length_(length), size_(size) {
    if (length < 0 || size <= 0)
      complaint_ = "it says no length or no size of its chunks";
    else if (length > 0)
      count_ = (length - 1) / size + 1;
  }

  void see(std::int64_t n, std::int64_t length) {
    if (!complaint_.empty() || is_empty_first(n, length)) return;
    if (n < 0 || n >= count_)
      complaint_ = "it has a chunk " + of_all(n) + ", which is one too many";
    else if (n < next_)
      complaint_ = "chunk " + of_all(n) + " is there twice";
    else if (n > next_)
      complaint_ = "chunk " + of_all(next_) + " is missing";
    else if (length != size_of(n))
      complaint_ = "chunk " + of_all(n) + " holds " + std::to_string(length) +
                   " bytes instead of " + std::to_string(size_of(n));
    ++next_;
  }

  // Empty for a file that is whole.
  std::string finish() {
    if (complaint_.empty() && next_ < count_) complaint_ = "chunk " + of_all(next_) + " is missing";
    return complaint_;
  }

 private:
  // Some drivers give an empty file an empty chunk.
  bool is_empty_first(std::int64_t n, std::int64_t length) const {
    return count_ == 0 && n == 0 && length == 0;
  }
  std::int64_t size_of(std::int64_t n) const {
    return n + 1 < count_ ? size_ : length_ - n * size_;
  }
  std::string of_all(std::int64_t n) const {
    return "n=" + std::to_string(n) + " of " + std::to_string(count_);
  }

  std::int64_t length_;
  std::int64_t size_;
  std::int64_t count_ = 0;
  std::int64_t next_ = 0;
  std::string complaint_;
};

}  // namespace

// What of each document is needed waits in a database of its own below the folder for temporary
// files, for no order of reading brings a file and its chunks together.
class GridFs::Notes {
 public:
  static Result<std::shared_ptr<Notes>> make() {
    auto folder = TRY(ScratchDirectory::make());
    auto database = TRY(sqlite::Connection::open({.path = (folder.path() / "gridfs").string(),
                                                  .mode = sqlite::OpenOptions::Mode::create,
                                                  .stop = {}}));
    for (const auto* each : kTables) TRY(database.execute(each));
    auto file = TRY(database.prepare("INSERT INTO files VALUES(?, ?, ?, ?, ?)"));
    auto chunk = TRY(database.prepare("INSERT INTO chunks VALUES(?, ?, ?, ?)"));
    return std::shared_ptr<Notes>(
        new Notes(std::move(folder), std::move(database), {std::move(file), std::move(chunk)}));
  }

  Result<void> see_file(const std::string& name, DocumentView file) {
    const std::scoped_lock lock(mutex_);
    auto& bucket = buckets_[name];
    ++bucket.files;
    const auto length = whole_number_at(file, "length");
    const auto size = whole_number_at(file, "chunkSize");
    bucket.has_form = bucket.has_form || (length && size);
    const auto id = file.find("_id");
    return insert(insert_.file,
                  {name, id ? id_text(*id) : "", name_of_file(file),
                   std::to_string(length.value_or(-1)), std::to_string(size.value_or(0))});
  }

  Result<void> see_chunk(const std::string& name, DocumentView chunk) {
    const std::scoped_lock lock(mutex_);
    auto& bucket = buckets_[name];
    ++bucket.chunks;
    const auto id = chunk.find("files_id");
    const auto n = whole_number_at(chunk, "n");
    const auto size = size_of_data(chunk);
    if (!id || !n || !size) {
      ++bucket.strange_chunks;
      return {};
    }
    bucket.has_form = true;
    return insert(insert_.chunk, {name, id_text(*id), std::to_string(*n), std::to_string(*size)});
  }

  Result<Json> finish() {
    const std::scoped_lock lock(mutex_);
    TRY(database_.execute("CREATE INDEX IF NOT EXISTS by_file ON chunks(bucket, id, n, length)"));
    TRY(database_.execute("CREATE INDEX IF NOT EXISTS by_id ON files(bucket, id)"));
    Json all = Json::object();
    for (const auto& [name, bucket] : buckets_)
      if (bucket.has_form) all[escape_name(name)] = TRY(judge(name, bucket));
    return all;
  }

 private:
  struct Bucket {
    std::uint64_t files = 0;
    std::uint64_t chunks = 0;
    std::uint64_t strange_chunks = 0;
    bool has_form = false;  // of GridFS: some document at least
  };
  struct Inserts {
    sqlite::Statement file;
    sqlite::Statement chunk;
  };
  Notes(ScratchDirectory folder, sqlite::Connection database, Inserts inserts)
      : folder_(std::move(folder)), database_(std::move(database)), insert_(std::move(inserts)) {}

  static Result<void> insert(sqlite::Statement& into, const std::vector<std::string>& values) {
    int parameter = 0;
    for (const auto& each : values) into.bind(++parameter, each);
    TRY(into.step());
    into.reset();
    return {};
  }

  Result<Json> judge(const std::string& name, const Bucket& bucket) const {
    auto orphans = TRY(database_.prepare(kChunksOfNoFile));
    orphans.bind(1, name);
    TRY(orphans.step());
    Json json{{"files", bucket.files},
              {"chunks", bucket.chunks},
              {"damaged", 0},
              {"orphans", bucket.strange_chunks + static_cast<std::uint64_t>(orphans.integer(0))},
              {"first", Json::array()}};
    TRY(judge_files(name, json));
    return json;
  }

  Result<void> judge_files(const std::string& name, Json& json) const {
    auto rows = TRY(database_.prepare(kEachChunkOfEachFile));
    rows.bind(1, name);
    for (bool more = TRY(rows.step()); more;) {
      const auto file = rows.integer(0);
      const auto file_name = rows.text(1);
      FileVerdict verdict(rows.integer(2), rows.integer(3));
      for (; more && rows.integer(0) == file; more = TRY(rows.step()))
        if (rows.type(4) != SQLITE_NULL) verdict.see(rows.integer(4), rows.integer(5));
      note(file_name, verdict.finish(), json);
    }
    return {};
  }

  static void note(const std::string& file, const std::string& complaint, Json& json) {
    if (complaint.empty()) return;
    json["damaged"] = json["damaged"].get<std::uint64_t>() + 1;
    if (json["first"].size() < kMostNamed)
      json["first"].push_back("file " + file + ": " + complaint);
  }

  std::mutex mutex_;  // both collections are read at the same time
  ScratchDirectory folder_;
  sqlite::Connection database_;
  Inserts insert_;
  std::map<std::string, Bucket> buckets_;
};

Result<GridFs> GridFs::begin(const Catalog& catalog) {
  const bool any = std::ranges::any_of(catalog.collections, [](const Collection& each) {
    return each.kind == CollectionKind::collection &&
           (each.name.ends_with(kFilesSuffix) || each.name.ends_with(kChunksSuffix));
  });
  return GridFs(any ? TRY(Notes::make()) : nullptr);
}

Watch GridFs::watch(const std::string& collection) const {
  if (!notes_) return {};
  if (collection.ends_with(kFilesSuffix))
    return [notes = notes_, name = collection.substr(0, collection.size() - kFilesSuffix.size())](
               DocumentView document) { return notes->see_file(name, document); };
  if (collection.ends_with(kChunksSuffix))
    return [notes = notes_, name = collection.substr(0, collection.size() - kChunksSuffix.size())](
               DocumentView document) { return notes->see_chunk(name, document); };
  return {};
}

Result<Json> GridFs::finish() const { return notes_ ? notes_->finish() : Json::object(); }

}  // namespace lifeboat::engine::mongodb
