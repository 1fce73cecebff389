#include <algorithm>

#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

// What a driver adds to every command, and what is no option of a collection.
bool is_option(std::string_view key) {
  static const std::set<std::string_view> kOthers{"create",  "collMod",      "index",
                                                  "lsid",    "writeConcern", "idIndex",
                                                  "comment", "txnNumber",    "autoIndexId"};
  return !key.starts_with('$') && !kOthers.contains(key);
}

Bytes options_in(DocumentView command) {
  DocumentBuilder options;
  for (const auto& field : command)
    if (is_option(field.key)) options.element(field);
  return options.take();
}

Bytes with_changes(DocumentView old, DocumentView changes) {
  DocumentBuilder made;
  for (const auto& field : old)
    if (field.key == "name" || !changes.find(field.key)) made.element(field);
  for (const auto& field : changes)
    if (field.key != "name" && field.key != "keyPattern") made.element(field);
  return made.take();
}

Bytes id_index(DocumentView command) {
  DocumentBuilder index;
  index.int32("v", 2).document("key", DocumentBuilder().int32("_id", 1).take());
  const auto clustered = command.document_at("clusteredIndex");
  if (!clustered) return index.text("name", "_id_").take();
  index.text("name", clustered->text_at("name").value_or("_id_"));
  return index.boolean("unique", true).boolean("clustered", true).take();
}

// The server writes the version first.
Bytes listed_index(DocumentView spec) {
  if (spec.text_at("name").value_or("").empty() || !spec.document_at("key"))
    throw Refusal{9, "FailedToParse", "an index without a key or a name"};
  DocumentBuilder index;
  index.int32("v", 2);
  for (const auto& field : spec)
    if (field.key != "v") index.element(field);
  return index.take();
}

bool is_meant(DocumentView index, const Element& which) {
  if (which.text() == "*") return index.text_at("name") != "_id_";
  if (which.text()) return index.text_at("name") == *which.text();
  return std::ranges::equal(index.document_at("key").value_or(DocumentView()).bytes(), which.value);
}

Bytes key_values(DocumentView document, DocumentView key) {
  DocumentBuilder values;
  for (const auto& field : key)
    if (const auto value = value_at(document, field.key)) values.element(field.key, *value);
  return values.take();
}

}  // namespace

Bytes new_uuid(std::uint64_t number) {
  Bytes uuid(16);
  for (std::size_t i = 0; i < sizeof number; ++i)
    uuid[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return uuid;
}

DocumentBuilder StandInModel::list_collections(const Request& request) {
  const auto wanted = request.command.document_at("filter").value_or(DocumentView());
  std::vector<Bytes> list;
  for (const auto& [name, collection] : databases_[request.database]) {
    DocumentBuilder details;
    details.boolean("readOnly", collection.type == "view");
    if (!collection.uuid.empty()) details.binary("uuid", collection.uuid);
    DocumentBuilder info;
    info.text("name", name).text("type", collection.type).document("options", collection.options);
    info.document("info", details.take());
    if (collection.type == "collection" && !collection.indexes.empty())
      info.document("idIndex", collection.indexes.front());
    auto whole = info.take();
    if (matches(view_document(whole), wanted)) list.push_back(std::move(whole));
  }
  return give(request, std::move(list));
}

DocumentBuilder StandInModel::list_indexes(const Request& request) {
  const auto& collection = there(request);
  if (collection.type == "view")
    throw Refusal{166, "CommandNotSupportedOnView", "Namespace is a view, not a collection"};
  return give(request, collection.indexes);
}

// With the first view or time series, and said in the log.
void StandInModel::make_place_of_views(const Request& request) {
  constexpr const char* kViews = "system.views";
  if (!databases_[request.database].try_emplace(kViews, StoredCollection{kViews}).second) return;
  log_command(request, DocumentBuilder().text("create", kViews).take());
}

DocumentBuilder StandInModel::create(const Request& request) {
  check_primary(request);
  if (found(request.database, request.collection) != nullptr)
    throw Refusal{48, "NamespaceExists", "Collection already exists: " + request.collection};
  StoredCollection made{request.collection};
  made.options = options_in(request.command);
  if (request.command.find("timeseries")) return create_series(request, std::move(made));
  auto& all = databases_[request.database];
  if (request.command.find("viewOn")) {
    made.type = "view";
    make_place_of_views(request);
  } else {
    made.uuid = new_uuid(next_record_++);
    made.indexes.push_back(id_index(request.command));
  }
  all[request.collection] = std::move(made);
  DocumentBuilder object;
  object.text("create", request.collection);
  for (const auto& field : request.command)
    if (is_option(field.key)) object.element(field);
  log_command(request, object.take());
  return {};
}

DocumentBuilder StandInModel::create_indexes(const Request& request) {
  check_primary(request);
  auto& collection = made(request);
  const auto list = request.command.find("indexes");
  for (const auto& each : list->inside()) {
    auto index = listed_index(each.inside());
    const auto name = std::string(view_document(index).text_at("name").value_or(""));
    const auto same = [&](const Bytes& other) {
      return view_document(other).text_at("name") == name;
    };
    if (const auto old = std::ranges::find_if(collection.indexes, same);
        old != collection.indexes.end()) {
      if (*old == index) continue;
      throw Refusal{85, "IndexOptionsConflict", "Index already exists with a different name"};
    }
    if (view_document(index).is_true_at("unique")) check_unique(collection, view_document(index));
    log_index(request, collection, view_document(index));
    collection.indexes.push_back(std::move(index));
  }
  return {};
}

void StandInModel::log_index(const Request& request, const StoredCollection& collection,
                             DocumentView index) {
  DocumentBuilder object;
  object.text("createIndexes", stored_name(collection));
  for (const auto& field : index)
    if (field.key == "key")
      object.document("key", key_of_buckets(collection, field.inside()));
    else
      object.element(field);
  log_command(request, object.take());
}

void StandInModel::check_unique(const StoredCollection& collection, DocumentView index) {
  const auto key = *index.document_at("key");
  std::set<Bytes> seen;
  for (const auto& each : collection.present())
    if (!seen.insert(key_values(view_document(each), key)).second)
      throw Refusal{
          11000, "DuplicateKey",
          "E11000 duplicate key error index: " + std::string(index.text_at("name").value_or(""))};
}

DocumentBuilder StandInModel::drop_indexes(const Request& request) {
  check_primary(request);
  auto& collection = there(request);
  const auto which = request.command.find("index");
  std::erase_if(collection.indexes,
                [&](const Bytes& each) { return which && is_meant(view_document(each), *which); });
  DocumentBuilder object;
  object.text("dropIndexes", stored_name(collection));
  if (which) object.element(*which);
  log_command(request, object.take());
  return {};
}

DocumentBuilder StandInModel::coll_mod(const Request& request) {
  check_primary(request);
  auto& collection = there(request);
  if (const auto change = request.command.document_at("index")) {
    const auto name = change->find("name");
    const auto key = change->find("keyPattern");
    const auto at = std::ranges::find_if(collection.indexes, [&](const Bytes& each) {
      return is_meant(view_document(each), name ? *name : key.value_or(Element{}));
    });
    if (at == collection.indexes.end()) throw Refusal{27, "IndexNotFound", "cannot find index"};
    *at = with_changes(view_document(*at), *change);
  }
  const auto changes = options_in(request.command);
  collection.options = with_changes(view_document(collection.options), view_document(changes));
  DocumentBuilder object;
  object.text("collMod", stored_name(collection));
  for (const auto& field : request.command)
    if (field.key == "index" || is_option(field.key)) object.element(field);
  log_command(request, object.take());
  return {};
}

DocumentBuilder StandInModel::drop(const Request& request) {
  check_primary(request);
  const auto stored = stored_name(there(request));
  databases_[request.database].erase(request.collection);
  databases_[request.database].erase(stored);
  log_command(request, DocumentBuilder().text("drop", stored).take());
  return {};
}

DocumentBuilder StandInModel::drop_database(const Request& request) {
  check_primary(request);
  databases_.erase(request.database);
  log_command(request, DocumentBuilder().int32("dropDatabase", 1).take());
  return {};
}

// Inside one database.
DocumentBuilder StandInModel::rename(const Request& request) {
  check_primary(request);
  const std::string to(request.command.text_at("to").value_or(""));
  const auto dot = request.collection.find('.');
  const auto database = request.collection.substr(0, dot);
  const auto name = to.substr(to.find('.') + 1);
  auto& all = databases_[database];
  auto moved = all.extract(request.collection.substr(dot + 1));
  if (moved.empty()) throw Refusal{26, "NamespaceNotFound", "Source collection does not exist"};
  if (all.contains(name) && !request.command.is_true_at("dropTarget")) {
    all.insert(std::move(moved));
    throw Refusal{48, "NamespaceExists", "target namespace exists"};
  }
  all.erase(name);
  moved.key() = moved.mapped().name = name;
  all.insert(std::move(moved));
  log_command({database, request.command, request.name, name},
              DocumentBuilder().text("renameCollection", request.collection).text("to", to).take());
  return {};
}

}  // namespace lifeboat::engine::mongodb::testing
