#include "exchange/mongodump/export.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/source.h"
#include "exchange/counterpart.h"
#include "exchange/crc64.h"
#include "exchange/jsonl/lines_file.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::ArrayBuilder;
using engine::mongodb::Catalog;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::CollectionScan;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::Location;

constexpr std::uint32_t kEndOfPart = 0xffffffff;
constexpr std::int32_t kOneAfterTheOther = 1;
constexpr std::string_view kToolVersion = "lifeboat";

std::string_view type_of_kind(CollectionKind kind) {
  if (kind == CollectionKind::time_series) return "timeseries";
  return kind == CollectionKind::view ? "view" : "collection";
}

// A binary: its length, its subtype and 16 bytes. That of a time series is its buckets' own, and
// mongodump tells none.
std::string uuid_text(const Collection& collection) {
  constexpr std::size_t kBeforeBytes = 5;
  const bool is_told = collection.kind == CollectionKind::collection;
  const auto uuid = is_told ? collection.uuid() : ByteView();
  return uuid.size() > kBeforeBytes ? to_hex(uuid.subspan(kBeforeBytes)) : "";
}

// As mongodump writes it beside a collection.
Result<std::string> metadata_of(const Collection& collection) {
  DocumentBuilder metadata;
  if (!collection.options().empty()) metadata.document("options", collection.options().bytes());
  ArrayBuilder indexes;
  for (const auto& each : collection.indexes) indexes.document(each);
  metadata.array("indexes", indexes.take());
  if (const auto uuid = uuid_text(collection); !uuid.empty()) metadata.text("uuid", uuid);
  metadata.text("collectionName", collection.name).text("type", type_of_kind(collection.kind));
  const auto document = metadata.take();
  return std::move(
      TRY_CONTEXT("its options and indexes",
                  engine::mongodb::to_extended_json(engine::mongodb::view_document(document),
                                                    engine::mongodb::Lossy::refused))
          .text);
}

// A file that is seen when it is whole; gone otherwise.
class HiddenFile {
 public:
  explicit HiddenFile(fs::path file)
      : file_(std::move(file)),
        hidden_(file_.parent_path() /
                ("." + file_.filename().string() + "." + std::to_string(::getpid()) + ".partial")) {
  }
  HiddenFile(const HiddenFile&) = delete;
  HiddenFile& operator=(const HiddenFile&) = delete;
  ~HiddenFile() { ::unlink(hidden_.c_str()); }

  const fs::path& path() const { return hidden_; }
  Result<void> show() {
    if (::renameat2(AT_FDCWD, hidden_.c_str(), AT_FDCWD, file_.c_str(), RENAME_NOREPLACE) == 0)
      return sync_directory(file_.parent_path());
    return fail_errno(errno, "cannot make " + file_.string());
  }

 private:
  fs::path file_;
  fs::path hidden_;
};

class ArchiveExport {
 public:
  ArchiveExport(const Location& from, const RunContext& context) : from_(from), context_(context) {}

  Result<ArchiveReport> run(const fs::path& file) {
    if (fs::exists(fs::symlink_status(file)))
      return fail(Code::exists, "there is a file " + file.string() + " already");
    TRY(look());
    HiddenFile hidden(file);
    file_.emplace(TRY(jsonl::LinesFile::create(hidden.path())));
    TRY(write_prelude());
    for (const auto& each : catalog_.collections)
      if (each.has_documents())
        TRY_CONTEXT(from_.database + "." + each.name, write_collection(each));
    TRY(check_unchanged());
    TRY(file_->finish());
    TRY(hidden.show());
    report_.findings.push_back(
        {"consistency-per-collection", from_.database,
         "each collection is as of the moment when it was read, not all as of one", false});
    return std::move(report_);
  }

 private:
  Result<void> look() {
    auto there = TRY(ask_counterpart(from_));
    version_ = there.server.version;
    has_order_of_id_ = there.server.ferretdb.empty();
    catalog_ = std::move(there.catalog);
    TRY(engine::mongodb::check_catalog(from_.server->connect(), catalog_));
    for (const auto& each : catalog_.collections) TRY(check_series(each));
    return {};
  }

  // An archive that mongorestore knows holds buckets.
  Result<void> check_series(const Collection& each) const {
    if (each.kind != CollectionKind::time_series || each.has_buckets()) return {};
    return fail(Error(Code::refused, from_.database + "." + each.name +
                                         " is a time series without buckets, as servers since 8.3 "
                                         "keep it, and an archive of mongodump holds those")
                    .with_hint("`lifeboat export jsonl` gives its measurements as documents."));
  }

  Result<void> put(ByteView bytes) {
    report_.bytes += bytes.size();
    return file_->add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  Result<void> put_number(std::uint32_t number) {
    ByteWriter writer;
    return put(writer.u32(number).bytes());
  }

  Result<void> write_prelude() {
    TRY(put_number(kArchiveMagic));
    TRY(put(DocumentBuilder()
                .int32("concurrent_collections", kOneAfterTheOther)
                .text("version", "0.1")
                .text("server_version", version_)
                .text("tool_version", kToolVersion)
                .take()));
    for (const auto& each : catalog_.collections) {
      if (each.kind == CollectionKind::view) report_.views.push_back(each.name);
      TRY(put(DocumentBuilder()
                  .text("db", from_.database)
                  .text("collection", each.name)
                  .text("metadata", TRY_CONTEXT(each.name, metadata_of(each)))
                  .int32("size", 0)
                  .text("type", type_of_kind(each.kind))
                  .take()));
    }
    return put_number(kEndOfPart);
  }

  // Before the documents of a collection, and after them with their checksum.
  Result<void> put_header(const Collection& collection, bool at_end, std::uint64_t crc) {
    return put(DocumentBuilder()
                   .text("db", from_.database)
                   .text("collection", collection.stored_name())
                   .boolean("EOF", at_end)
                   .int64("CRC", static_cast<std::int64_t>(crc))
                   .take());
  }

  Result<void> write_collection(const Collection& collection) {
    TRY(put_header(collection, false, 0));
    Crc64 crc;
    auto scan = TRY(CollectionScan::begin(*from_.server, from_.database, collection,
                                          {.by_id = has_order_of_id_, .stored = true}));
    for (auto bytes = TRY(scan.next()); !bytes.empty(); bytes = TRY(scan.next())) {
      TRY(context_.check_stop());
      crc.update(bytes);
      TRY(put(bytes));
      context_.progress.advance(bytes.size(), 1);
    }
    TRY(put_number(kEndOfPart));
    TRY(put_header(collection, true, crc.value()));
    TRY(put_number(kEndOfPart));
    report_.collections.push_back({collection.name, scan.finish().sum});
    return {};
  }

  Result<void> check_unchanged() const {
    const auto after = TRY(engine::mongodb::read_catalog(from_.server->connect(), from_.database));
    const auto changes = engine::mongodb::differences(catalog_, after);
    if (changes.empty()) return {};
    return fail(Code::source_changed, from_.database + " changed while it was read: " +
                                          changes[0].object + " " + changes[0].change);
  }

  const Location& from_;
  const RunContext& context_;
  std::string version_;
  bool has_order_of_id_ = false;  // of the server: else a document may be met twice
  Catalog catalog_;
  std::optional<jsonl::LinesFile> file_;
  ArchiveReport report_;
};

}  // namespace

std::uint64_t ArchiveReport::documents() const {
  return std::accumulate(
      collections.begin(), collections.end(), std::uint64_t{0},
      [](std::uint64_t so_far, const auto& each) { return so_far + each.sum.count; });
}

Result<ArchiveReport> export_archive(const Location& from, const fs::path& file,
                                     const RunContext& context) {
  return ArchiveExport(from, context).run(file);
}

}  // namespace lifeboat::exchange::mongodump
