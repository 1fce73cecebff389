#include "engine/mongodb/document_writes.h"

#include <algorithm>
#include <functional>

#include "engine/mongodb/empty_timestamps.h"
#include "engine/mongodb/statements.h"

namespace lifeboat::engine::mongodb {
namespace {

// Of one batch: what a server takes well in one command, and what may be held in memory.
constexpr std::size_t kMostSteps = 1000;
constexpr std::size_t kMostBytes = 8U << 20U;
constexpr std::size_t kMostFetched = 16U << 20U;  // whatever the size of the documents
constexpr std::uint32_t kFetchBatch = 1000;
constexpr std::size_t kMostMissed = 2'000'000;  // some eighty megabytes

const Bytes& filter_of(const Replace& write) { return write.filter; }
const Bytes& filter_of(const ApplyDiff& write) { return write.filter; }
const Bytes& filter_of(const Delete& write) { return write.filter; }

Bytes filter_of_step(const auto& step) {
  return std::visit([](const auto& each) { return filter_of(each); }, step.write);
}

std::uint64_t hash_of_id(ByteView filter) { return std::hash<std::string>{}(to_text(filter)); }

}  // namespace

Result<void> DocumentWrites::add(Replace write) {
  const auto size = write.document.size();
  return keep(std::move(write), size);
}

Result<void> DocumentWrites::add(ApplyDiff write) {
  const auto size = write.diff.size();
  return keep(std::move(write), size);
}

Result<void> DocumentWrites::add(Delete write) { return keep(std::move(write), 0); }

// Operators with paths are the server's own affair: it is asked what came of them.
Result<void> DocumentWrites::add(Update write) {
  TRY(flush());
  const auto& collection = write.where.collection;
  Document document;
  document.before = TRY(find_one(collection, write.filter));
  if (!document.before) return miss(collection, write.filter, at_);
  ArrayBuilder updates;
  updates.document(
      DocumentBuilder().document("q", write.filter).document("u", write.operators).take());
  TRY(run(DocumentBuilder().text("update", collection).array("updates", updates.take()).take()));
  document.now = TRY(find_one(collection, write.filter));
  count(collection, document);
  return {};
}

Result<void> DocumentWrites::keep(std::variant<Replace, ApplyDiff, Delete> write,
                                  std::size_t size) {
  const auto collection = std::visit([](const auto& each) { return each.where.collection; }, write);
  steps_[collection].push_back({std::move(write), at_});
  bytes_ += size;
  if (++kept_ < kMostSteps && bytes_ < kMostBytes) return {};
  return flush();
}

Result<void> DocumentWrites::flush() {
  for (const auto& [collection, steps] : std::exchange(steps_, {}))
    TRY_CONTEXT(collection, write_all(collection, steps));
  kept_ = bytes_ = 0;
  return {};
}

Result<void> DocumentWrites::write_all(const std::string& collection,
                                       const std::vector<Step>& steps) {
  Documents wanted;
  for (const auto& step : steps)
    wanted.try_emplace(filter_of_step(step), Document{{}, {}, wanted.size()});
  while (!wanted.empty()) {
    auto documents = TRY(fetch(collection, wanted));
    for (const auto& step : steps)
      if (documents.contains(filter_of_step(step))) TRY(apply(collection, step, documents));
    TRY(store(collection, documents));
  }
  return {};
}

Result<DocumentWrites::Documents> DocumentWrites::fetch(const std::string& collection,
                                                        Documents& wanted) {
  ArrayBuilder ids;
  for (const auto& [filter, document] : wanted) {
    const auto id = view_document(filter).find("_id");
    if (!id) return fail(Code::corrupt, "a change of a document without _id");
    ids.element(*id);
  }
  const auto any = DocumentBuilder().array("$in", ids.take()).take();
  const auto command = DocumentBuilder()
                           .text("find", collection)
                           .document("filter", DocumentBuilder().document("_id", any).take())
                           .take();
  auto cursor = TRY(connection_.open_cursor(database_, command, kFetchBatch));
  Documents fetched;
  std::size_t size = 0;
  for (auto found = TRY(cursor.next()); !found.empty(); found = TRY(cursor.next())) {
    auto taken = wanted.extract(filter_of_id(TRY(DocumentView::check(found))));
    // An _id may equal another of a different number type, and is then not the one.
    if (taken.empty()) continue;
    taken.mapped().before = taken.mapped().now = to_bytes(found);
    fetched.insert(std::move(taken));
    size += found.size();
    if (size >= kMostFetched) return fetched;
  }
  fetched.merge(wanted);
  return fetched;
}

Result<void> DocumentWrites::apply(const std::string& collection, const Step& step,
                                   Documents& documents) {
  const auto filter = filter_of_step(step);
  auto& now = documents[filter].now;
  if (std::holds_alternative<Delete>(step.write)) {
    now.reset();
    find_again(collection, filter);
    return {};
  }
  const auto* replace = std::get_if<Replace>(&step.write);
  if (!now && (replace == nullptr || !replace->upsert)) return miss(collection, filter, step.at);
  if (replace != nullptr) {
    now = replace->document;
    return {};
  }
  const auto& diff = std::get<ApplyDiff>(step.write);
  const auto old = std::move(*now);
  now = TRY(apply_diff(view_document(old), view_document(diff.diff), diff.present));
  return {};
}

Result<void> DocumentWrites::miss(const std::string& collection, ByteView filter, Timestamp at) {
  if (!missed_[collection].try_emplace(hash_of_id(filter), at).second) return {};
  if (++missed_count_ <= kMostMissed) return {};
  return fail(Code::not_restorable,
              "the log changes more than two million documents that are not there");
}

// Its end in the log says why it is not there.
void DocumentWrites::find_again(const std::string& collection, ByteView filter) {
  const auto missed = missed_.find(collection);
  if (missed != missed_.end()) missed_count_ -= missed->second.erase(hash_of_id(filter));
}

std::vector<std::pair<const Bytes*, const DocumentWrites::Document*>> DocumentWrites::by_turn(
    const Documents& documents) {
  std::vector<std::pair<const Bytes*, const Document*>> ordered;
  for (const auto& [filter, document] : documents) ordered.emplace_back(&filter, &document);
  std::ranges::sort(ordered, {}, [](const auto& each) { return each.second->turn; });
  return ordered;
}

// What goes makes room before what comes: an _id may come back as a number of another type.
Result<void> DocumentWrites::store(const std::string& collection, const Documents& documents) {
  Statements deletes("delete", "deletes", collection);
  Statements updates("update", "updates", collection);
  const auto add = [&](Statements& list, const Bytes& statement) -> Result<void> {
    if (!list.has_room_for(statement.size())) TRY(run(list.take()));
    list.add(statement);
    return {};
  };
  const auto in_turn = by_turn(documents);
  for (const auto& [filter, document] : in_turn)
    if (document->before && !document->now)
      TRY(add(deletes, DocumentBuilder().document("q", *filter).int32("limit", 1).take()));
  if (!deletes.empty()) TRY(run(deletes.take()));
  std::vector<ByteView> whole;
  for (const auto& [filter, document] : in_turn) {
    if (!document->now || document->now == document->before) continue;
    whole.emplace_back(*document->now);
    TRY(add(updates, DocumentBuilder()
                         .document("q", *filter)
                         .document("u", *document->now)
                         .boolean("upsert", true)
                         .take()));
  }
  if (!updates.empty()) TRY(run(updates.take()));
  TRY(keep_empty_timestamps(connection_, database_, collection, whole));
  for (const auto& [filter, document] : documents) count(collection, document);
  return {};
}

Result<void> DocumentWrites::run(ByteView command) {
  TRY(connection_.command(database_, command));
  return {};
}

Result<std::optional<Bytes>> DocumentWrites::find_one(const std::string& collection,
                                                      ByteView filter) {
  const auto command = DocumentBuilder()
                           .text("find", collection)
                           .document("filter", filter)
                           .int32("limit", 1)
                           .take();
  auto cursor = TRY(connection_.open_cursor(database_, command, 1));
  const auto found = TRY(cursor.next());
  if (found.empty()) return std::nullopt;
  return to_bytes(found);
}

void DocumentWrites::count(const std::string& collection, const Document& document) {
  auto& change = changes_[collection];
  if (document.before == document.now) return;
  if (document.before) change.gone.add(sum_of(*document.before));
  if (document.now) change.come.add(sum_of(*document.now));
}

void DocumentWrites::rename(const std::string& from, const std::string& to) {
  const auto move = [&](auto& by_name) {
    auto moved = by_name.extract(from);
    by_name.erase(to);
    if (moved.empty()) return;
    moved.key() = to;
    by_name.insert(std::move(moved));
  };
  move(changes_);
  forget_missed(to);
  move(missed_);
}

Result<void> DocumentWrites::explain(const std::string& collection) {
  if (steps_.contains(collection)) TRY(flush());
  forget_missed(collection);
  return {};
}

void DocumentWrites::forget_missed(const std::string& collection) {
  const auto missed = missed_.extract(collection);
  if (!missed.empty()) missed_count_ -= missed.mapped().size();
}

Result<void> DocumentWrites::explain_all() {
  TRY(flush());
  missed_.clear();
  missed_count_ = 0;
  return {};
}

}  // namespace lifeboat::engine::mongodb
