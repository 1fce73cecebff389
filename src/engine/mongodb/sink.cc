#include "engine/mongodb/sink.h"

#include <algorithm>

#include "engine/catalog_content.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/document_writes.h"
#include "engine/mongodb/log_replay.h"
#include "engine/mongodb/stored_insert.h"

namespace lifeboat::engine::mongodb {
namespace {

// One insert: what a server takes well, and what several sinks at once may hold in memory.
constexpr std::size_t kInsertBytes = 8U << 20U;
constexpr std::size_t kInsertDocuments = 10'000;

Failure out_of_order() {
  return fail(Code::internal, "a range of a MongoDB entry came out of its order");
}

bool has_id(ByteView document) { return view_document(document).find("_id").has_value(); }

Bytes insert_command(const std::string& collection, const std::vector<ByteView>& documents) {
  ArrayBuilder all;
  for (const auto& each : documents) all.document(each);
  return DocumentBuilder().text("insert", collection).array("documents", all.take()).take();
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
  DocumentsSink(const Location& location, std::string collection, KeepTwice keep_twice)
      : location_(location),
        connection_(location.server->connect()),
        collection_(std::move(collection)),
        keep_twice_(std::move(keep_twice)) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (offset != position_) return out_of_order();
    position_ += bytes.size();
    return reader_.feed(bytes, [this](DocumentView document) { return take(document.bytes()); });
  }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override {
    TRY(reader_.finish());
    TRY(insert_batch());
    if (twice_.count > 0) keep_twice_(twice_);
    return {};
  }

 private:
  Result<void> take(ByteView document) {
    if (!batch_.has_room_for(document.size())) TRY(insert_batch());
    // As it lies there: one copy of a document of 16 MiB for each sink would be a lot.
    if (document.size() > kInsertBytes) return insert({document});
    batch_.add(document);
    return {};
  }
  Result<void> insert_batch() {
    TRY(insert(batch_.documents()));
    batch_.clear();
    return {};
  }
  Result<void> insert(std::vector<ByteView> documents) {
    while (!documents.empty()) {
      const auto count = TRY(insert_new(documents));
      const bool is_all = count == documents.size();
      if (!is_all) TRY(replace_earlier(documents[count]));
      documents.erase(documents.begin(),
                      documents.begin() + static_cast<std::ptrdiff_t>(count + (is_all ? 0 : 1)));
    }
    return {};
  }
  // A measurement may have no _id, and the driver's own insert would give it one.
  Result<std::size_t> insert_new(const std::vector<ByteView>& documents) {
    if (!std::ranges::all_of(documents, has_id)) {
      TRY(connection_.command(location_.database, insert_command(collection_, documents)));
      return documents.size();
    }
    auto inserted = TRY(insert_stored(connection_, location_.database, collection_, documents));
    if (inserted.refused) return fail(std::move(*inserted.refused));
    return inserted.count;
  }
  Result<void> replace_earlier(ByteView document) {
    if (!keep_twice_)
      return fail(Error(Code::exists, "a document with an _id that is to be restored is there")
                      .with_hint("Let nobody else write into " + location_.database +
                                 " while it is restored."));
    DocumentWrites writes(location_);
    TRY(writes.add(Replace{{location_.database, collection_},
                           filter_of_id(TRY(DocumentView::check(document))),
                           to_bytes(document),
                           true}));
    TRY(writes.flush());
    const auto& earlier = writes.changes().at(collection_).gone;
    twice_.add(earlier.count > 0 ? earlier : sum_of(document));
    return {};
  }

  const Location& location_;
  Connection connection_;
  std::string collection_;
  KeepTwice keep_twice_;
  DocumentSum twice_;
  BsonReader reader_;
  Batch batch_;
  std::uint64_t position_ = 0;
};

class LostSink final : public Sink {
 public:
  Result<void> write(std::uint64_t, ByteView) override { return {}; }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override { return {}; }
};

class CatalogSink final : public Sink {
 public:
  explicit CatalogSink(KeepCatalog keep) : keep_(std::move(keep)) {}

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    if (offset != content_.size()) return out_of_order();
    return content_.add(bytes);
  }
  Result<std::size_t> existing(std::uint64_t, ByteSpan) override { return 0; }
  Result<void> commit() override { return keep_(content_.take()); }

 private:
  KeepCatalog keep_;
  CatalogContent content_;
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

std::unique_ptr<Sink> make_lost_sink() { return std::make_unique<LostSink>(); }

std::unique_ptr<Sink> make_log_sink(KeptWindow& window) {
  return std::make_unique<LogSink>(window);
}

std::unique_ptr<Sink> make_documents_sink(const Location& location, std::string collection,
                                          KeepTwice keep_twice) {
  return std::make_unique<DocumentsSink>(location, std::move(collection), std::move(keep_twice));
}

std::unique_ptr<Sink> make_catalog_sink(KeepCatalog keep) {
  return std::make_unique<CatalogSink>(std::move(keep));
}

}  // namespace lifeboat::engine::mongodb
