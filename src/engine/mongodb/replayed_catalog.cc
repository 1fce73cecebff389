#include "engine/mongodb/replayed_catalog.h"

#include <algorithm>
#include <iterator>

#include "engine/mongodb/series_index.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::int32_t kIndexVersion = 2;

// A log tells of a time series as its buckets.
Bytes plain_info(const std::string& name, std::string_view type, ByteView options) {
  DocumentBuilder info;
  info.text("name", name).text("type", type).document("options", options);
  if (type == "timeseries") info.document(kBucketsField, DocumentBuilder().take());
  return info.take();
}

Bytes index_of_id() {
  return DocumentBuilder()
      .int32("v", kIndexVersion)
      .document("key", DocumentBuilder().int32("_id", 1).take())
      .text("name", "_id_")
      .take();
}

bool has_key(DocumentView index, const Bytes& key) {
  const auto own = index.document_at("key");
  return own && std::ranges::equal(own->bytes(), key);
}

bool is_index_of_id(DocumentView index) { return index.text_at("name") == "_id_"; }

bool is_meant(DocumentView index, const RemoveIndex& write) {
  if (write.name == "*") return !is_index_of_id(index);
  if (!write.name.empty()) return index.text_at("name") == write.name;
  return has_key(index, write.key);
}

bool is_meant(DocumentView index, DocumentView change) {
  if (const auto name = change.text_at("name")) return index.text_at("name") == name;
  const auto key = change.document_at("keyPattern");
  return key && has_key(index, to_bytes(key->bytes()));
}

// Which index a collMod means, and what it never changes of it.
bool says_which(const Element& field) {
  return field.key == "name" || field.key == "key" || field.key == "keyPattern";
}

// What collMod may change of an index.
Bytes changed_index(DocumentView index, DocumentView change) {
  DocumentBuilder changed;
  for (const auto& field : index)
    if (!change.find(field.key) || says_which(field)) changed.element(field);
  for (const auto& field : change)
    if (!says_which(field)) changed.element(field);
  return changed.take();
}

}  // namespace

ReplayedCatalog::ReplayedCatalog(Catalog restored, std::optional<std::set<Feature>> offered)
    : catalog_(std::move(restored)), offered_(std::move(offered)) {
  for (const auto& each : catalog_.collections) origins_[each.name] = each.name;
}

Collection* ReplayedCatalog::mutable_find(const std::string& name) {
  const auto found = std::ranges::find(catalog_.collections, name, &Collection::name);
  return found == catalog_.collections.end() ? nullptr : &*found;
}

const Collection* ReplayedCatalog::find(const std::string& name) const {
  const auto found = std::ranges::find(catalog_.collections, name, &Collection::name);
  return found == catalog_.collections.end() ? nullptr : &*found;
}

Result<void> ReplayedCatalog::add(Bytes info, std::vector<Bytes> indexes) {
  auto& added =
      catalog_.collections.emplace_back(TRY(check_collection(std::move(info), std::move(indexes))));
  leave_out_lost(added);
  std::ranges::sort(catalog_.collections, {}, &Collection::name);
  changed_ = true;
  return {};
}

void ReplayedCatalog::leave_out_lost(Collection& collection) {
  if (!offered_) return;
  note_lost(collection);
  collection = without_lost(collection, *offered_);
}

void ReplayedCatalog::note_lost(const Collection& wanted) {
  std::ranges::move(lost_features({catalog_.database, {wanted}}, *offered_),
                    std::back_inserter(lost_[wanted.name]));
}

Result<Bytes> ReplayedCatalog::possible(const ModifyCollection& write) {
  if (!offered_) return write.command;
  const auto& name = write.where.collection;
  note_lost(TRY(check_collection(plain_info(name, "collection", write.command), {})));
  return options_without_lost(view_document(write.command), *offered_);
}

std::vector<Finding> ReplayedCatalog::lost() const {
  std::vector<Finding> all;
  for (const auto& [name, lost] : lost_) std::ranges::copy(lost, std::back_inserter(all));
  return all;
}

Result<void> ReplayedCatalog::make_plain(const std::string& name) {
  return add(plain_info(name, "collection", DocumentBuilder().take()), {index_of_id()});
}

Result<void> ReplayedCatalog::create(const Create& write) {
  DocumentBuilder options;
  const auto command = view_document(write.command);
  for (const auto& field : command)
    if (field.key != "create") options.element(field);
  const auto has = [&](std::string_view key) { return command.find(key).has_value(); };
  const auto* type = has("viewOn") ? "view" : has("timeseries") ? "timeseries" : "collection";
  std::vector<Bytes> indexes;
  if (!has("viewOn") && !has("timeseries") && !has("clusteredIndex"))
    indexes.push_back(index_of_id());
  return add(plain_info(write.where.collection, type, options.take()), std::move(indexes));
}

void ReplayedCatalog::drop(const std::string& name) {
  std::erase_if(catalog_.collections, [&](const auto& each) { return each.name == name; });
  origins_.erase(name);
  unknown_.erase(name);
  lost_.erase(name);
  changed_ = true;
}

Result<void> ReplayedCatalog::rename(const std::string& from, const std::string& to) {
  const auto* found = find(from);
  if (found == nullptr) return fail(Code::internal, "renaming what is not there");
  auto moved = *found;
  const auto origin = restored_as(from);
  const bool known = has_known_options(from);
  auto lost = std::move(lost_[from]);
  for (auto& each : lost) each.subject.replace(catalog_.database.size() + 1, from.size(), to);
  drop(to);
  drop(from);
  TRY(add(plain_info(to, "collection", moved.options().bytes()), std::move(moved.indexes)));
  if (origin) origins_[to] = *origin;
  if (!known) lose_options(to);
  lost_[to] = std::move(lost);
  return {};
}

Result<void> ReplayedCatalog::add_indexes(const AddIndexes& write) {
  auto* collection = mutable_find(write.where.collection);
  if (collection == nullptr) return {};
  for (auto spec : write.specs) {
    if (collection->kind == CollectionKind::time_series)
      spec = TRY(index_of_series(view_document(spec), collection->options()));
    const auto name = view_document(spec).text_at("name");
    std::erase_if(collection->indexes,
                  [&](const Bytes& each) { return view_document(each).text_at("name") == name; });
    collection->indexes.push_back(std::move(spec));
  }
  leave_out_lost(*collection);
  changed_ = true;
  return {};
}

// "off" ends it.
Result<void> ReplayedCatalog::set_expiry(const std::string& name, const Element& expiry) {
  auto* collection = mutable_find(name);
  if (collection == nullptr) return {};
  DocumentBuilder options;
  for (const auto& each : collection->options())
    if (each.key != expiry.key) options.element(each);
  if (expiry.number()) options.element(expiry);
  DocumentBuilder info;
  for (const auto& field : view_document(collection->info))
    if (field.key != "options") info.element(field);
  info.document("options", options.take());
  *collection = TRY(check_collection(info.take(), std::move(collection->indexes)));
  leave_out_lost(*collection);
  changed_ = true;
  return {};
}

void ReplayedCatalog::remove_index(const RemoveIndex& write) {
  auto* collection = mutable_find(write.where.collection);
  if (collection == nullptr) return;
  std::erase_if(collection->indexes,
                [&](const Bytes& each) { return is_meant(view_document(each), write); });
  changed_ = true;
}

void ReplayedCatalog::modify_index(const ModifyIndex& write) {
  auto* collection = mutable_find(write.where.collection);
  if (collection == nullptr) return;
  const auto change = view_document(write.index);
  for (auto& each : collection->indexes)
    if (is_meant(view_document(each), change)) each = changed_index(view_document(each), change);
  leave_out_lost(*collection);
  changed_ = true;
}

std::optional<std::string> ReplayedCatalog::restored_as(const std::string& name) const {
  const auto found = origins_.find(name);
  if (found == origins_.end()) return std::nullopt;
  return found->second;
}

}  // namespace lifeboat::engine::mongodb
