#include "engine/mongodb/empty_timestamps.h"

#include <map>

#include "engine/mongodb/statements.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint32_t kLookedAtInBatch = 1000;

bool is_replaced(const Element& field) {
  return field.holds(BsonType::timestamp) && field.key != "_id" && field.timestamp() == Timestamp{};
}

// A time series gives its fields in another order, and keeps them all: only these are looked at.
bool has_kept(DocumentView there, DocumentView written) {
  for (const auto& field : written) {
    if (!is_replaced(field)) continue;
    const auto kept = there.find(field.key);
    if (!kept || !is_replaced(*kept)) return false;
  }
  return true;
}

// {update by _id: [{$replaceRoot: {newRoot: {$literal: document}}}]}: what a pipeline gives, no
// server replaces.
Bytes repair(ByteView filter, ByteView document) {
  const auto literal = DocumentBuilder().document("$literal", document).take();
  const auto root = DocumentBuilder().document("newRoot", literal).take();
  ArrayBuilder pipeline;
  pipeline.document(DocumentBuilder().document("$replaceRoot", root).take());
  return DocumentBuilder().document("q", filter).array("u", pipeline.take()).take();
}

// {find: collection, filter: {_id: {$in: …}}}
Bytes find_command(const std::string& collection, const std::map<Bytes, ByteView>& written) {
  ArrayBuilder ids;
  for (const auto& [filter, document] : written) ids.element(*view_document(filter).begin());
  const auto any = DocumentBuilder().array("$in", ids.take()).take();
  return DocumentBuilder()
      .text("find", collection)
      .document("filter", DocumentBuilder().document("_id", any).take())
      .take();
}

}  // namespace

bool has_empty_timestamp(DocumentView document) {
  for (const auto& field : document)
    if (is_replaced(field)) return true;
  return false;
}

Result<void> keep_empty_timestamps(const Connection& connection, const std::string& database,
                                   const std::string& collection,
                                   const std::vector<ByteView>& documents) {
  std::map<Bytes, ByteView> written;
  for (const auto each : documents) {
    if (!has_empty_timestamp(view_document(each))) continue;
    auto filter = filter_of_id(view_document(each));
    if (filter.empty()) return fail(Code::corrupt, "a document without _id is to be written");
    written[std::move(filter)] = each;
  }
  if (written.empty()) return {};
  Statements repairs("update", "updates", collection);
  auto cursor =
      TRY(connection.open_cursor(database, find_command(collection, written), kLookedAtInBatch));
  for (auto there = TRY(cursor.next()); !there.empty(); there = TRY(cursor.next())) {
    const auto found = TRY(DocumentView::check(there));
    const auto at = written.find(filter_of_id(found));
    if (at == written.end() || has_kept(found, view_document(at->second))) continue;
    const auto statement = repair(at->first, at->second);
    if (!repairs.has_room_for(statement.size())) TRY(connection.command(database, repairs.take()));
    repairs.add(statement);
  }
  if (!repairs.empty()) TRY(connection.command(database, repairs.take()));
  return {};
}

}  // namespace lifeboat::engine::mongodb
