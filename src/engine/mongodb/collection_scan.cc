#include "engine/mongodb/collection_scan.h"

#include <algorithm>

#include "engine/mongodb/grants.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint64_t kBatchBytes = 8U << 20U;
constexpr std::uint64_t kMostDocuments = 100'000;
constexpr std::uint64_t kFastestGrowth = 32;

}  // namespace

// Grows slowly enough that one collection of large documents never fills the memory: some servers
// bound a batch by its documents only.
std::optional<std::uint32_t> BatchPace::after(std::size_t document) {
  ++documents_;
  bytes_ += document;
  const auto fitting = kBatchBytes / std::max<std::uint64_t>(bytes_ / documents_, 1);
  const auto most = std::min(kMostDocuments, documents_ * kFastestGrowth);
  const auto wanted = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fitting, 1, most));
  if (wanted < size_ * 2 && wanted > size_ / 2) return std::nullopt;
  size_ = wanted;
  return wanted;
}

Result<CollectionScan> CollectionScan::begin(const Server& server, const std::string& database,
                                             const Collection& collection, bool committed) {
  auto connection = server.connect();
  DocumentBuilder command;
  command.text("find", collection.name)
      .int32("batchSize", static_cast<std::int32_t>(BatchPace::kFirst));
  if (committed)
    command.document("readConcern", DocumentBuilder().text("level", "majority").take());
  auto opened = connection.open_cursor(database, command.take(), BatchPace::kFirst);
  if (!opened) return fail(for_lack_of(std::move(opened).error(), {"find", database}));
  const auto order = is_capped(collection) ? NaturalOrder::hashed : NaturalOrder::ignored;
  return CollectionScan(std::move(connection), std::move(*opened), order);
}

Result<ByteView> CollectionScan::next() {
  const auto document = TRY(cursor_.next());
  if (document.empty()) return document;
  TRY(DocumentView::check(document));
  digest_.add(document);
  if (const auto size = pace_.after(document.size())) cursor_.set_batch_size(*size);
  return document;
}

CollectionFacts CollectionScan::finish() { return {digest_.sum(), digest_.finish_natural()}; }

bool is_capped(const Collection& collection) { return collection.options().is_true_at("capped"); }

}  // namespace lifeboat::engine::mongodb
