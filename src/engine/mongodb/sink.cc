#include "engine/mongodb/sink.h"

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/log_replay.h"

namespace lifeboat::engine::mongodb {
namespace {

// One insert: what a server takes well, and what several sinks at once may hold in memory.
constexpr std::size_t kInsertBytes = 8U << 20U;
constexpr std::size_t kInsertDocuments = 10'000;
constexpr std::size_t kLargestCatalog = 1U << 30U;

Failure out_of_order() {
  return fail(Code::internal, "a range of a MongoDB entry came out of its order");
}

// Documents that wait for their insert, back to back.
class Batch {
 public:
  void add(ByteView document) {
    sizes_.push_back(document.size());
    append(bytes_, document);
  }
  bool has_room_for(std::size_t more) const {
    return sizes_.empty() ||
           (sizes_.size() < kInsertDocuments && bytes_.size() + more <= kInsertBytes);
  }
  bool empty() const { return sizes_.empty(); }
  std::vector<ByteView> documents() const {
    std::vector<ByteView> all;
    std::size_t at = 0;
    for (const auto size : sizes_) {
      all.push_back(ByteView(bytes_).subspan(at, size));
      at += size;
    }
    return all;
  }
  void clear() {
    bytes_.clear();
    sizes_.clear();
  }

 private:
  Bytes bytes_;
  std::vector<std::size_t> sizes_;
};

class DocumentsSink final : public Sink {
 public:
  DocumentsSink(const Location& location, std::string collection)
      : connection_(location.server->connect()),
        database_(location.database),
        collection_(std::move(collection)) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (offset != position_) return out_of_order();
    position_ += bytes.size();
    return reader_.feed(bytes, [this](DocumentView document) { return take(document.bytes()); });
  }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override {
    TRY(reader_.finish());
    return insert();
  }

 private:
  Result<void> take(ByteView document) {
    if (!batch_.has_room_for(document.size())) TRY(insert());
    batch_.add(document);
    return {};
  }
  Result<void> insert() {
    if (batch_.empty()) return {};
    TRY(connection_.insert(database_, collection_, batch_.documents()));
    batch_.clear();
    return {};
  }

  Connection connection_;
  std::string database_;
  std::string collection_;
  BsonReader reader_;
  Batch batch_;
  std::uint64_t position_ = 0;
};

class CatalogSink final : public Sink {
 public:
  explicit CatalogSink(KeepCatalog keep) : keep_(std::move(keep)) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (offset != bytes_.size()) return out_of_order();
    if (bytes.size() > kLargestCatalog - bytes_.size())
      return fail(Code::corrupt, "the catalog is impossibly large");
    append(bytes_, bytes);
    return {};
  }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override { return keep_(std::move(bytes_)); }

 private:
  KeepCatalog keep_;
  Bytes bytes_;
};

class LogSink final : public Sink {
 public:
  explicit LogSink(KeptWindow& window) : window_(window) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (offset != position_) return out_of_order();
    position_ += bytes.size();
    return window_.append(bytes);
  }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override { return window_.close(); }

 private:
  KeptWindow& window_;
  std::uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Sink> make_log_sink(KeptWindow& window) {
  return std::make_unique<LogSink>(window);
}

std::unique_ptr<Sink> make_documents_sink(const Location& location, std::string collection) {
  return std::make_unique<DocumentsSink>(location, std::move(collection));
}

std::unique_ptr<Sink> make_catalog_sink(KeepCatalog keep) {
  return std::make_unique<CatalogSink>(std::move(keep));
}

}  // namespace lifeboat::engine::mongodb
