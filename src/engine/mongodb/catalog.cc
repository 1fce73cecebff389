#include "engine/mongodb/catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mongodb/bson_reader.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kMagic = "catalog";
constexpr std::int32_t kVersion = 1;

Failure no_catalog(const std::string& what) {
  return fail(Code::corrupt, "the catalog of a database is not one: " + what);
}

Result<CollectionKind> kind_from(std::string_view type) {
  if (type.empty() || type == "collection") return CollectionKind::collection;
  if (type == "view") return CollectionKind::view;
  if (type == "timeseries") return CollectionKind::time_series;
  return no_catalog(fmt::format("a collection of type \"{}\"", type));
}

Bytes encode_collection(const Collection& collection) {
  ArrayBuilder indexes;
  for (const auto& index : collection.indexes) indexes.document(index);
  DocumentBuilder builder;
  return builder.document("info", collection.info).array("indexes", indexes.take()).take();
}

Result<void> decode_head(DocumentView head, Catalog& catalog) {
  if (head.text_at("lifeboat") != kMagic) return no_catalog("its head says nothing of it");
  const auto version = head.find("version");
  if (!version || version->integer().value_or(0) < kVersion) return no_catalog("no version");
  if (version->integer() != kVersion)
    return fail(Code::unsupported_format,
                fmt::format("a catalog of version {}", version->integer().value_or(0)));
  catalog.database = head.text_at("database").value_or("");
  if (catalog.database.empty()) return no_catalog("no database");
  return {};
}

Result<Collection> decode_collection(DocumentView document) {
  const auto info = document.find("info");
  const auto indexes = document.find("indexes");
  if (!info || !info->holds(BsonType::document) || !indexes || !indexes->holds(BsonType::array))
    return no_catalog("a collection without info or indexes");
  std::vector<Bytes> list;
  for (const auto& each : indexes->inside()) {
    if (!each.holds(BsonType::document)) return no_catalog("an index that is no document");
    list.push_back(to_bytes(each.value));
  }
  return check_collection(to_bytes(info->value), std::move(list));
}

Result<void> check_names(const Catalog& catalog) {
  for (std::size_t i = 1; i < catalog.collections.size(); ++i)
    if (catalog.collections[i - 1].name >= catalog.collections[i].name)
      return no_catalog("its collections are not in order");
  return {};
}

}  // namespace

DocumentView Collection::options() const {
  return view_document(info).document_at("options").value_or(DocumentView());
}

ByteView Collection::uuid() const {
  const auto whole = view_document(info);
  const auto details = whole.document_at(kBucketsField).value_or(whole).document_at("info");
  const auto found = details ? details->find("uuid") : std::nullopt;
  return found && found->holds(BsonType::binary) ? found->value : ByteView();
}

bool Collection::has_buckets() const {
  return kind == CollectionKind::time_series &&
         view_document(info).document_at(kBucketsField).has_value();
}

std::string Collection::stored_name() const { return has_buckets() ? buckets_name(name) : name; }

std::string series_name(std::string_view collection) {
  if (collection.starts_with(kBucketsPrefix)) collection.remove_prefix(kBucketsPrefix.size());
  return std::string(collection);
}

std::string buckets_name(std::string_view series) {
  return std::string(kBucketsPrefix).append(series);
}

Result<Collection> with_field(const Collection& collection, std::string_view name,
                              ByteView document) {
  DocumentBuilder info;
  for (const auto& field : view_document(collection.info)) info.element(field);
  info.document(name, document);
  return check_collection(info.take(), collection.indexes);
}

Catalog without_buckets(Catalog catalog) {
  for (auto& each : catalog.collections) {
    if (!each.has_buckets()) continue;
    DocumentBuilder info;
    for (const auto& field : view_document(each.info))
      if (field.key != kBucketsField) info.element(field);
    each.info = info.take();
  }
  return catalog;
}

Result<Collection> check_collection(Bytes info, std::vector<Bytes> indexes) {
  const auto view = TRY(DocumentView::check(info));
  Collection collection;
  collection.name = view.text_at("name").value_or("");
  if (collection.name.empty()) return no_catalog("a collection without a name");
  if (collection.name.find('\0') != std::string::npos) return no_catalog("a NUL in a name");
  collection.kind = TRY(kind_from(view.text_at("type").value_or("")));
  const auto options = view.find("options");
  if (options && !options->holds(BsonType::document)) return no_catalog("options of another type");
  for (const auto& index : indexes)
    TRY_CONTEXT(collection.name, check_index(TRY(DocumentView::check(index))));
  collection.info = std::move(info);
  collection.indexes = std::move(indexes);
  return collection;
}

Result<void> check_index(DocumentView index) {
  const auto key = index.find("key");
  if (!key || !key->holds(BsonType::document) || key->document()->empty())
    return fail(Code::corrupt, "an index without a key");
  if (index.text_at("name").value_or("").empty())
    return fail(Code::corrupt, "an index without a name");
  return {};
}

bool is_keyed_by_id(DocumentView index) {
  const auto key = *index.document_at("key");
  const auto first = key.begin();
  const bool only_id =
      first->key == "_id" && key.bytes().size() == kMinDocument + first->whole.size();
  return only_id && first->number().has_value();
}

Bytes encode_catalog(const Catalog& catalog) {
  std::vector<const Collection*> by_name;
  for (const auto& each : catalog.collections) by_name.push_back(&each);
  std::sort(by_name.begin(), by_name.end(),
            [](const auto* left, const auto* right) { return left->name < right->name; });
  DocumentBuilder head;
  head.text("lifeboat", kMagic).int32("version", kVersion).text("database", catalog.database);
  Bytes bytes = head.take();
  for (const auto* each : by_name) append(bytes, encode_collection(*each));
  return bytes;
}

Result<Catalog> decode_catalog(ByteView bytes) {
  Catalog catalog;
  // One document holds all indexes of a collection; each of them may be as large as a document.
  BsonReader reader(4 * kMaxDocument);
  TRY(reader.feed(bytes, [&](DocumentView document) -> Result<void> {
    if (catalog.database.empty()) return decode_head(document, catalog);
    catalog.collections.push_back(TRY(decode_collection(document)));
    return {};
  }));
  TRY(reader.finish());
  if (catalog.database.empty()) return no_catalog("it is empty");
  TRY(check_names(catalog));
  return catalog;
}

}  // namespace lifeboat::engine::mongodb
