#include "engine/mongodb/collection_scan.h"

#include <algorithm>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint64_t kBatchBytes = 8U << 20U;
constexpr std::uint64_t kFastestGrowth = 32;

// Where there is none, a server refuses to be told to go by it.
bool has_index_of_id(const Collection& collection) {
  return std::ranges::any_of(collection.indexes,
                             [](const Bytes& each) { return is_keyed_by_id(view_document(each)); });
}

}  // namespace

// Grows slowly enough that one collection of large documents never fills the memory: some servers
// bound a batch by its documents only.
std::optional<std::uint32_t> BatchPace::after(std::size_t document) {
  ++documents_;
  bytes_ += document;
  const auto fitting = kBatchBytes / std::max<std::uint64_t>(bytes_ / documents_, 1);
  const auto most = std::min(most_, documents_ * kFastestGrowth);
  const auto wanted = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fitting, 1, most));
  if (wanted < size_ * 2 && wanted > size_ / 2) return std::nullopt;
  size_ = wanted;
  return wanted;
}

Result<CollectionScan> CollectionScan::begin(const Server& server, const std::string& database,
                                             const Collection& collection, ReadAs how) {
  const auto most = how.by_id ? BatchPace::kMostInBytes : BatchPace::kMost;
  Place place{database, how.stored ? collection.stored_name() : collection.name};
  const bool is_of_measurements =
      collection.kind == CollectionKind::time_series && place.collection == collection.name;
  // Of measurements an index of _id is none that tells one from another.
  how.by_id =
      how.by_id && !is_of_measurements && !is_capped(collection) && has_index_of_id(collection);
  auto connection = server.connect();
  auto cursor = TRY(connection.open_cursor(database, command(place, how, {}), BatchPace::kFirst));
  const auto order = is_capped(collection) ? NaturalOrder::hashed : NaturalOrder::ignored;
  CollectionScan scan(std::move(connection), std::move(cursor), std::move(place), order);
  scan.pace_ = BatchPace(most);
  scan.by_id_ = how.by_id;
  scan.is_of_moment_ = how.moment.has_value();
  scan.is_of_measurements_ = is_of_measurements;
  return scan;
}

// `min` is the least value of the index that is looked at: the last document comes once more.
Bytes CollectionScan::command(const Place& place, const ReadAs& how, ByteView last_id) {
  DocumentBuilder command;
  command.text("find", place.collection)
      .int32("batchSize", static_cast<std::int32_t>(BatchPace::kFirst));
  if (how.by_id) command.document("hint", DocumentBuilder().int32("_id", 1).take());
  if (!last_id.empty()) command.document("min", last_id);
  DocumentBuilder concern;
  if (how.moment)
    concern.text("level", "snapshot").timestamp("atClusterTime", *how.moment);
  else if (how.committed)
    concern.text("level", "majority");
  if (!concern.empty()) command.document("readConcern", concern.take());
  return command.take();
}

Result<void> CollectionScan::go_on(ReadAs how) {
  if (!by_id_) return fail(Code::internal, "a scan in no order cannot go on");
  how.by_id = true;
  is_of_moment_ = how.moment.has_value();
  pace_ = BatchPace(BatchPace::kMostInBytes);  // as it began, by _id
  again_ = !last_id_.empty();
  cursor_ = TRY(
      connection_.open_cursor(place_.database, command(place_, how, last_id_), BatchPace::kFirst));
  return {};
}

Result<ByteView> CollectionScan::next() {
  auto document = TRY(cursor_.next());
  if (document.empty()) return document;
  auto view = TRY(DocumentView::check(document));
  if (by_id_ && std::exchange(again_, false) && filter_of_id(view) == last_id_) {
    document = TRY(cursor_.next());
    if (document.empty()) return document;
    view = TRY(DocumentView::check(document));
  }
  if (by_id_) last_id_ = filter_of_id(view);
  if (is_of_measurements_)
    digest_.add(sorted_by_field(view));
  else
    digest_.add(document);
  if (watch_) TRY(watch_(view));
  if (const auto size = pace_.after(document.size())) cursor_.set_batch_size(*size);
  return document;
}

CollectionFacts CollectionScan::finish() { return {digest_.sum(), digest_.finish_natural()}; }

bool is_capped(const Collection& collection) { return collection.options().is_true_at("capped"); }

}  // namespace lifeboat::engine::mongodb
