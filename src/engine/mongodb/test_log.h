#pragma once
// Entries of a log for tests, and collections in memory that take what a replay writes.
#include <map>

#include "engine/mongodb/diff.h"
#include "engine/mongodb/replay.h"
#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {

// {"ts": …, "t": 1, …fields}
inline Bytes entry_at(std::uint32_t seconds, const std::string& fields) {
  return bson_of(R"({"ts":{"$timestamp":{"t":)" + std::to_string(seconds) +
                 R"(,"i":1}},"t":{"$numberLong":"1"},)" + fields + "}");
}

// As the server would do it, top-level fields only.
class MemoryCollections {
 public:
  std::map<Namespace, std::map<Bytes, Bytes>> documents;

  Result<void> write(const Write& write) {
    return std::visit([this](const auto& each) { return this->apply(each); }, write);
  }

 private:
  Bytes* found(const Namespace& where, const Bytes& filter) {
    auto& collection = documents[where];
    const auto at = collection.find(filter);
    return at == collection.end() ? nullptr : &at->second;
  }

  Result<void> apply(const Replace& replace) {
    if (replace.upsert || found(replace.where, replace.filter) != nullptr)
      documents[replace.where][replace.filter] = replace.document;
    return {};
  }
  Result<void> apply(const Delete& gone) {
    documents[gone.where].erase(gone.filter);
    return {};
  }
  Result<void> apply(const ApplyDiff& change) {
    auto* document = found(change.where, change.filter);
    if (document == nullptr) return {};
    const auto before = *document;
    *document = TRY(apply_diff(view_document(before), view_document(change.diff), change.present));
    return {};
  }
  // What $set and $unset do to top-level fields is a difference too.
  Result<void> apply(const Update& update) {
    const auto operators = view_document(update.operators);
    DocumentBuilder diff;
    if (const auto set = operators.find("$set")) diff.element("u", *set);
    if (const auto unset = operators.find("$unset")) diff.element("d", *unset);
    return apply(ApplyDiff{update.where, update.filter, diff.take(), PresentField::moved});
  }
  Result<void> apply(const Drop& drop) {
    documents.erase(drop.where);
    return {};
  }
  template <class Other>
  Result<void> apply(const Other&) {
    return {};
  }
};

}  // namespace lifeboat::engine::mongodb
