#include "exchange/inserting.h"

#include <fmt/format.h>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/stored_insert.h"

namespace lifeboat::exchange {
namespace {

constexpr std::size_t kInsertedAtOnce = 8U << 20U;  // bytes

}  // namespace

Result<void> Inserting::add(ByteView document) {
  const bool is_full =
      sizes_.size() >= into_.batch_size || waiting_.size() + document.size() > kInsertedAtOnce;
  if (is_full) TRY(flush());
  append(waiting_, document);
  sizes_.push_back(document.size());
  return {};
}

Result<void> Inserting::flush() {
  if (sizes_.empty()) return {};
  std::vector<ByteView> documents;
  std::size_t at = 0;
  for (const auto size : sizes_) {
    documents.push_back(ByteView(waiting_).subspan(at, size));
    at += size;
  }
  TRY_CONTEXT(fmt::format("documents {} to {}", sent_ + 1, sent_ + sizes_.size()),
              insert(documents));
  sent_ += sizes_.size();
  waiting_.clear();
  sizes_.clear();
  return {};
}

Result<void> Inserting::insert(const std::vector<ByteView>& documents) {
  const auto connection = to_.server->connect();
  if (into_.collection.starts_with(engine::mongodb::kBucketsPrefix))
    return insert_buckets(connection, documents);
  if (!into_.adds_to) return connection.insert(to_.database, into_.collection, documents);
  present_ += TRY(connection.insert_missing(to_.database, into_.collection, documents));
  return {};
}

Result<void> Inserting::insert_buckets(const engine::mongodb::Connection& connection,
                                       const std::vector<ByteView>& documents) const {
  auto inserted =
      TRY(engine::mongodb::insert_stored(connection, to_.database, into_.collection, documents));
  if (inserted.refused) return fail(std::move(*inserted.refused));
  if (inserted.count == documents.size()) return {};
  return fail(Code::io_error, "a bucket with the _id of one of them is there already");
}

}  // namespace lifeboat::exchange
