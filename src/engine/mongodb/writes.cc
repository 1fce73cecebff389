#include "engine/mongodb/writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/mongodb/catalog.h"

namespace lifeboat::engine::mongodb {
namespace {

using Writes = std::vector<Write>;

constexpr std::string_view kViews = "system.views";

Failure odd_entry(const OplogEntry& entry, std::string_view what) {
  return fail(Code::corrupt, fmt::format("the entry of the log at {} for {}: {}",
                                         entry.at.ts.text(), entry.ns, what));
}

Result<Bytes> by_id(const OplogEntry& entry, DocumentView holder) {
  const auto id = holder.find("_id");
  if (!id) return odd_entry(entry, "no _id");
  return DocumentBuilder().element(*id).take();
}

// The name of a view is the whole namespace: "shop.adults".
Result<Namespace> named_view(const OplogEntry& entry, DocumentView holder) {
  return namespace_from(holder.text_at("_id").value_or(entry.ns));
}

// The view of a time series is made with the series.
bool is_of_time_series(DocumentView view) {
  return view.text_at("viewOn").value_or("").starts_with(kBucketsPrefix);
}

Result<Writes> create_view(const OplogEntry& entry, DocumentView view) {
  if (is_of_time_series(view)) return Writes{};
  const auto where = TRY(named_view(entry, view));
  DocumentBuilder command;
  command.text("create", where.collection);
  for (const auto& field : view)
    if (field.key != "_id") command.element(field);
  return Writes{Create{where, command.take()}};
}

Result<Writes> change_of_view(const OplogEntry& entry) {
  if (entry.operation == Operation::insert) return create_view(entry, entry.object);
  const auto holder =
      entry.operation == Operation::update ? entry.object_2.value_or(DocumentView()) : entry.object;
  const auto where = TRY(named_view(entry, holder));
  if (entry.operation == Operation::remove) return Writes{Drop{where}};
  if (!entry.object.find("viewOn")) return odd_entry(entry, "a view is changed in an unknown way");
  auto writes = TRY(create_view(entry, entry.object));
  if (!writes.empty()) writes.insert(writes.begin(), Drop{where});
  return writes;
}

bool has_operators(DocumentView update) {
  for (const auto& field : update)
    if (field.key.starts_with('$')) return true;
  return false;
}

// FerretDB logs the whole document as what is set: fields that are not in it are gone.
std::optional<DocumentView> whole_document(const OplogEntry& entry) {
  const auto set = entry.object.document_at("$set");
  const auto id = set ? set->find("_id") : std::nullopt;
  const auto old_id = entry.object_2->find("_id");
  if (!id || !old_id || !std::ranges::equal(id->whole, old_id->whole)) return std::nullopt;
  return set;
}

Result<Write> difference(const OplogEntry& entry, const Namespace& where, Bytes filter) {
  const auto diff = entry.object.document_at("diff");
  if (!diff) return odd_entry(entry, "an update of version 2 without a difference");
  const auto present = entry.insert_only_if_absent ? PresentField::kept : PresentField::moved;
  return ApplyDiff{where, std::move(filter), to_bytes(diff->bytes()), present};
}

Result<Write> with_operators(const OplogEntry& entry, const Namespace& where, Bytes filter) {
  DocumentBuilder operators;
  for (const auto& field : entry.object) {
    if (field.key == "$v") continue;
    if (field.key != "$set" && field.key != "$unset")
      return odd_entry(entry, fmt::format("an update with the operator {}", field.key));
    operators.element(field);
  }
  return Update{where, std::move(filter), operators.take()};
}

Result<Write> update(const OplogEntry& entry, const Namespace& where, Dialect dialect) {
  if (!entry.object_2) return odd_entry(entry, "an update without o2");
  auto filter = TRY(by_id(entry, *entry.object_2));
  const auto version = entry.object.find("$v");
  if (version && version->integer() == 2) return difference(entry, where, std::move(filter));
  if (version && version->integer() != 1)
    return fail(
        Code::unsupported_format,
        fmt::format("the log holds an update of a later version, at {}", entry.at.ts.text()));
  if (!has_operators(entry.object))
    return Replace{where, std::move(filter), to_bytes(entry.object.bytes()), false};
  if (dialect == Dialect::ferretdb)
    if (const auto whole = whole_document(entry))
      return Replace{where, std::move(filter), to_bytes(whole->bytes()), false};
  return with_operators(entry, where, std::move(filter));
}

Result<Writes> data_change(const OplogEntry& entry, Dialect dialect) {
  const auto where = TRY(namespace_from(entry.ns));
  if (where.collection == kViews) return change_of_view(entry);
  if (where.collection == "system.indexes")
    return fail(Code::unsupported_format, "the log is of a server before 4.2");
  if (entry.operation == Operation::update) return Writes{TRY(update(entry, where, dialect))};
  auto filter = TRY(by_id(entry, entry.object));
  if (entry.operation == Operation::remove) return Writes{Delete{where, std::move(filter)}};
  return Writes{Replace{where, std::move(filter), to_bytes(entry.object.bytes()), true}};
}

// The collection that a command names in its first field.
Result<Namespace> named_collection(const OplogEntry& entry) {
  const auto name = entry.object.begin()->text().value_or("");
  const auto dot = entry.ns.find('.');
  if (name.empty() || dot == 0 || dot == entry.ns.npos)
    return odd_entry(entry, "a command without a collection");
  return Namespace{std::string(entry.ns.substr(0, dot)), std::string(name)};
}

// What is done to the buckets of a time series is done to it.
Result<Namespace> named_object(const OplogEntry& entry) {
  auto where = TRY(named_collection(entry));
  where.collection = series_name(where.collection);
  return where;
}

// What a server says to itself about a new collection, and what makes one from outside.
bool is_told_to_create(const Element& field) {
  static const std::set<std::string_view> kInternal{
      "create", "ui", "uuid", "autoIndexId", "idIndex", "recordIdsReplicated", "temp"};
  return !kInternal.contains(field.key);
}

// Of a time series the log has its buckets: it is made by its own name, without what follows.
Result<Writes> create_series(const OplogEntry& entry, Namespace where) {
  if (!where.collection.starts_with(kBucketsPrefix))
    return fail(Error(Code::unsupported_format,
                      "the log makes the time series " + where.collection +
                          " in the form of servers since 8.3, which is not known here")
                    .with_hint("Restore to a moment before it, or from a later snapshot."));
  where.collection = series_name(where.collection);
  DocumentBuilder command;
  command.text("create", where.collection);
  for (const auto* key : {"timeseries", "expireAfterSeconds", "collation"})
    if (const auto field = entry.object.find(key)) command.element(*field);
  return Writes{Create{std::move(where), command.take()}};
}

Result<Writes> on_create(const OplogEntry& entry) {
  const auto where = TRY(named_collection(entry));
  if (where.collection == kViews) return Writes{};  // comes with the first view
  if (entry.object.find("timeseries")) return create_series(entry, where);
  DocumentBuilder command;
  command.text("create", where.collection);
  for (const auto& field : entry.object)
    if (is_told_to_create(field)) command.element(field);
  return Writes{Create{where, command.take()}};
}

Result<Writes> on_drop(const OplogEntry& entry) { return Writes{Drop{TRY(named_object(entry))}}; }

Result<Writes> on_drop_database(const OplogEntry& entry) {
  const auto database = entry.ns.substr(0, entry.ns.find('.'));
  if (database.empty()) return odd_entry(entry, "no database");
  return Writes{DropDatabase{std::string(database)}};
}

// dropTarget is true or the uuid of what is dropped.
Result<Writes> on_rename(const OplogEntry& entry) {
  Rename rename;
  rename.from = TRY(namespace_from(entry.object.begin()->text().value_or("")));
  rename.to = TRY(namespace_from(entry.object.text_at("to").value_or("")));
  const auto target = entry.object.find("dropTarget");
  rename.drop_target = target && (target->is_true() || target->holds(BsonType::binary));
  return Writes{rename};
}

Result<Writes> on_coll_mod(const OplogEntry& entry) {
  const auto where = TRY(named_object(entry));
  DocumentBuilder command;
  command.text("collMod", where.collection);
  Writes writes;
  bool other = false;
  for (const auto& field : entry.object) {
    if (field.key == "collMod" || field.key == "ui") continue;
    if (field.key == "index" && field.holds(BsonType::document)) {
      writes.push_back(ModifyIndex{where, to_bytes(field.value)});
      continue;
    }
    command.element(field);
    other = true;
  }
  if (other) writes.push_back(ModifyCollection{where, command.take()});
  return writes;
}

Result<std::vector<Bytes>> index_specs(const OplogEntry& entry) {
  std::vector<Bytes> specs;
  const auto list = entry.object.find("indexes");
  if (!list) {
    DocumentBuilder spec;
    for (const auto& field : entry.object)
      if (field.key != "createIndexes" && field.key != "ui") spec.element(field);
    specs.push_back(spec.take());
    return specs;
  }
  if (!list->holds(BsonType::array)) return odd_entry(entry, "its indexes are no list");
  for (const auto& spec : list->inside()) {
    if (!spec.holds(BsonType::document)) return odd_entry(entry, "an index is no document");
    specs.push_back(to_bytes(spec.value));
  }
  return specs;
}

Result<Writes> on_create_indexes(const OplogEntry& entry) {
  AddIndexes add{TRY(named_object(entry)), TRY(index_specs(entry))};
  for (const auto& spec : add.specs)
    if (const auto checked = check_index(view_document(spec)); !checked)
      return odd_entry(entry, checked.error().message());
  return Writes{add};
}

Result<Writes> on_drop_indexes(const OplogEntry& entry) {
  RemoveIndex remove{TRY(named_object(entry)), {}, {}};
  const auto index = entry.object.find("index");
  if (index && index->text())
    remove.name = *index->text();
  else if (index && index->holds(BsonType::document))
    remove.key = to_bytes(index->value);
  else if (const auto key = entry.object.document_at("key"))
    remove.key = to_bytes(key->bytes());
  else
    return odd_entry(entry, "it says not which index");
  return Writes{remove};
}

Result<Writes> on_capped(const OplogEntry& entry) {
  DocumentBuilder command;
  for (const auto& field : entry.object)
    if (field.key != "ui") command.element(field);
  return Writes{RunCapped{TRY(named_collection(entry)), command.take()}};
}

Result<Writes> on_nothing(const OplogEntry&) { return Writes{}; }

using OnCommand = Result<Writes> (*)(const OplogEntry&);

const std::map<std::string_view, OnCommand> kCommands{
    {"create", on_create},
    {"drop", on_drop},
    {"dropDatabase", on_drop_database},
    {"renameCollection", on_rename},
    {"collMod", on_coll_mod},
    {"createIndexes", on_create_indexes},
    {"commitIndexBuild", on_create_indexes},
    {"dropIndexes", on_drop_indexes},
    {"dropIndex", on_drop_indexes},
    {"deleteIndexes", on_drop_indexes},
    {"deleteIndex", on_drop_indexes},
    {"convertToCapped", on_capped},
    {"emptycapped", on_capped},
    {"startIndexBuild", on_nothing},
    {"abortIndexBuild", on_nothing},
    {"setMultikeyMetadata", on_nothing},
    {"dropIdent", on_nothing},
    {"dbCheck", on_nothing},
};

Result<Writes> command_change(const OplogEntry& entry) {
  const auto found = kCommands.find(entry.command());
  if (found != kCommands.end()) return found->second(entry);
  return fail(Error(Code::unsupported_format,
                    fmt::format("the log holds the command \"{}\" at {}, which cannot be replayed",
                                entry.command(), entry.at.ts.text()))
                  .with_hint("restore to a moment before it, or from a snapshot after it"));
}

}  // namespace

Result<std::vector<Write>> writes_of(const OplogEntry& entry, Dialect dialect) {
  switch (entry.operation) {
    case Operation::insert:
    case Operation::update:
    case Operation::remove:
      return data_change(entry, dialect);
    case Operation::command:
      return command_change(entry);
    case Operation::noop:
    case Operation::bookkeeping:
      break;
  }
  return Writes{};
}

}  // namespace lifeboat::engine::mongodb
