#include <algorithm>
#include <cstdio>

#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr std::int32_t kDuplicateKey = 11000;
constexpr std::int64_t kFirstTerm = 1;
constexpr const char* kBypass = "bypassEmptyTsReplacement";

bool is_same_key(DocumentView left, DocumentView right, DocumentView key) {
  for (const auto& field : key) {
    const auto one = value_at(left, field.key);
    const auto other = value_at(right, field.key);
    if (!one && !other) continue;
    if (!one || !other || compare_values(*one, *other) != std::strong_ordering::equal) return false;
  }
  return true;
}

// {$set, $unset} of fields at the top, or the whole document anew.
Bytes changed(DocumentView old, DocumentView change) {
  DocumentBuilder made;
  if (change.empty() || !change.begin()->key.starts_with('$')) {
    if (!change.find("_id")) made.element(*old.find("_id"));
    for (const auto& field : change) made.element(field);
    return made.take();
  }
  const auto set = change.document_at("$set").value_or(DocumentView());
  const auto unset = change.document_at("$unset").value_or(DocumentView());
  for (const auto& field : old)
    if (!unset.find(field.key)) made.element(set.find(field.key).value_or(field));
  for (const auto& field : set)
    if (!old.find(field.key)) made.element(field);
  return made.take();
}

Bytes new_document(DocumentView filter, DocumentView change) {
  DocumentBuilder made;
  if (const auto id = filter.find("_id")) made.element(*id);
  const auto base = made.take();
  if (change.find("_id")) return to_bytes(change.bytes());
  return changed(view_document(base), change);
}

// [{$replaceRoot: {newRoot: {$literal: …}}}], the one pipeline that it knows.
DocumentView literal_of(DocumentView pipeline) {
  const auto root = value_at(pipeline, "0.$replaceRoot.newRoot.$literal");
  if (!root) throw Refusal{40324, "Location40324", "the stand-in knows no such pipeline"};
  return root->inside();
}

// Which versions can be told to keep empty timestamps, as mongorestore has them: 8.0, and those of
// three older releases that it was brought into.
bool knows_bypass(const std::string& version) {
  static const std::map<int, int> kSince{{5, 29}, {6, 17}, {7, 13}};
  int major = 0;
  int minor = 0;
  int patch = 0;
  std::sscanf(version.c_str(), "%d.%d.%d", &major, &minor, &patch);
  if (major >= 8) return true;
  const auto since = kSince.find(major);
  return since != kSince.end() && minor == 0 && patch >= since->second;
}

Bytes write_error(std::int32_t index, const Refusal& why, DocumentView key) {
  DocumentBuilder error;
  error.int32("index", index).int32("code", why.code).text("errmsg", why.message);
  if (!key.empty()) error.document("keyPattern", key.bytes());
  return error.take();
}

bool is_ordered(DocumentView command) {
  const auto ordered = command.find("ordered");
  return !ordered || ordered->is_true();
}

}  // namespace

void StandInModel::log(const std::string& ns, DocumentBuilder entry) {
  if (!options_.replica_set || ns.starts_with("local.")) return;
  const auto now = tick();
  entry.timestamp("ts", now).int64("t", kFirstTerm).int64("v", 2).text("ns", ns);
  databases_["local"]["oplog.rs"].records[next_record_++].put(now, entry.take());
}

void StandInModel::hold_back_log(std::size_t entries) {
  const std::scoped_lock lock(mutex_);
  auto& log = databases_["local"]["oplog.rs"].records;
  for (; entries > 0 && !log.empty(); --entries)
    held_back_.insert(log.extract(std::prev(log.end())));
}

void StandInModel::catch_up() {
  const std::scoped_lock lock(mutex_);
  databases_["local"]["oplog.rs"].records.merge(held_back_);
}

Timestamp StandInModel::write_entry(DocumentView entry) {
  const std::scoped_lock lock(mutex_);
  DocumentBuilder written;
  for (const auto& field : entry)
    if (field.key != "ns") written.element(field);
  log(std::string(*entry.text_at("ns")), std::move(written));
  return now();
}

void StandInModel::set_transaction(const Bytes& row) {
  const std::scoped_lock lock(mutex_);
  databases_["config"]["transactions"].records[1].put(tick(), row);
}

void StandInModel::put_unlogged(const std::string& database, const std::string& collection,
                                Bytes document) {
  const std::scoped_lock lock(mutex_);
  auto& into = databases_[database][collection];
  into.by_id[filter_of_id(view_document(document))] = next_record_;
  into.records[next_record_++].put(tick(), std::move(document));
}

void StandInModel::log_command(const Request& request, ByteView object) {
  DocumentBuilder entry;
  entry.text("op", "c").document("o", object);
  log(request.database + ".$cmd", std::move(entry));
}

StandInModel::StoredCollection& StandInModel::made(const Request& request) {
  if (auto* collection = found(request.database, request.collection)) return *collection;
  const auto command = DocumentBuilder().text("create", request.collection).take();
  create({request.database, view_document(command), "create", request.collection});
  return *found(request.database, request.collection);
}

// The key of the unique index that refuses it is the name of the refusal.
std::optional<Refusal> StandInModel::why_not(const StoredCollection& into, DocumentView document,
                                             bool bypass) const {
  const auto options = view_document(into.options);
  const auto rules = options.document_at("validator");
  if (!bypass && rules && options.text_at("validationAction").value_or("error") == "error" &&
      options.text_at("validationLevel").value_or("strict") != "off" && !matches(document, *rules))
    return Refusal{121, "DocumentValidationFailure", "Document failed validation"};
  const auto refused_by = [&](std::string_view name) {
    return Refusal{
        kDuplicateKey, std::string(name),
        "E11000 duplicate key error collection: " + into.name + " index: " + std::string(name)};
  };
  if (into.by_id.contains(filter_of_id(document))) return refused_by("_id_");
  for (const auto& each : into.indexes) {
    const auto index = view_document(each);
    const auto key = index.document_at("key").value_or(DocumentView());
    if (!index.is_true_at("unique") || key.find("_id")) continue;
    const auto is_same = [&](const Bytes& other) {
      return is_same_key(view_document(other), document, key);
    };
    if (std::ranges::any_of(into.present(), is_same))
      return refused_by(index.text_at("name").value_or(""));
  }
  return std::nullopt;
}

void StandInModel::check_bypass(const Request& request) const {
  if (!request.command.find(kBypass)) return;
  if (!options_.ferretdb.empty())
    throw Refusal{9, "FailedToParse",
                  request.name + ": unknown field \"" + std::string(kBypass) + "\""};
  if (!knows_bypass(options_.version))
    throw Refusal{40415, "Location40415",
                  "BSON field '" + request.name + "." + kBypass + "' is an unknown field."};
}

// Each empty timestamp at the top, but for that of _id, becomes the present moment.
Bytes StandInModel::with_moments(const Request& request, DocumentView document) {
  const bool bypass = !options_.ferretdb.empty() || request.command.is_true_at(kBypass);
  DocumentBuilder made;
  for (const auto& field : document)
    if (!bypass && field.key != "_id" && field.timestamp() == Timestamp{})
      made.timestamp(field.key, tick());
    else
      made.element(field);
  return made.take();
}

void StandInModel::store(const Request& request, StoredCollection& into, Bytes document) {
  DocumentBuilder entry;
  entry.text("op", "i").document("o", document);
  log(request.database + "." + request.collection, std::move(entry));
  into.by_id[filter_of_id(view_document(document))] = next_record_;
  into.records[next_record_++].put(now(), std::move(document));
}

DocumentBuilder StandInModel::insert(const Request& request) {
  check_primary(request);
  check_bypass(request);
  auto& into = made(request);
  if (into.type == "view") throw Refusal{166, "CommandNotSupportedOnView", "it is a view"};
  if (into.type == "timeseries") return insert_measurements(request, into);
  const auto documents = request.command.find("documents");
  const bool bypass = request.command.is_true_at("bypassDocumentValidation");
  ArrayBuilder errors;
  std::int32_t index = 0;
  std::int32_t inserted = 0;
  for (const auto& each : documents->inside()) {
    filter_of_id(each.inside());
    auto why = why_no_bucket(request, each.inside());
    if (!why) why = why_not(into, each.inside(), bypass);
    if (why) {
      errors.document(write_error(index, *why, key_named(into, why->name)));
      if (is_ordered(request.command)) break;
    } else {
      store(request, into, with_moments(request, each.inside()));
      ++inserted;
    }
    ++index;
  }
  DocumentBuilder reply;
  reply.int32("n", inserted);
  if (errors.size() > 0) reply.array("writeErrors", errors.take());
  return reply;
}

DocumentView StandInModel::key_named(const StoredCollection& collection, std::string_view name) {
  for (const auto& each : collection.indexes)
    if (view_document(each).text_at("name") == name)
      return view_document(each).document_at("key").value_or(DocumentView());
  return {};
}

StandInModel::Record* StandInModel::first_match(StoredCollection& collection, DocumentView filter) {
  if (const auto at = collection.by_id.find(to_bytes(filter.bytes())); at != collection.by_id.end())
    return &collection.records[at->second];
  for (auto& [number, record] : collection.records)
    if (const auto* document = record.at(std::nullopt))
      if (matches(view_document(*document), filter)) return &record;
  return nullptr;
}

// What a pipeline or an operator gives is taken as it is.
Bytes StandInModel::change_of(const Request& request, const Element& change) {
  if (change.holds(BsonType::array)) return to_bytes(literal_of(change.inside()).bytes());
  const bool is_whole = change.inside().empty() || !change.inside().begin()->key.starts_with('$');
  return is_whole ? with_moments(request, change.inside()) : to_bytes(change.inside().bytes());
}

// A document stays where it is in the order.
bool StandInModel::change_one(const Request& request, DocumentView statement) {
  auto& into = made(request);
  const auto filter = statement.document_at("q").value_or(DocumentView());
  const auto whole = change_of(request, *statement.find("u"));
  const auto change = view_document(whole);
  auto* record = first_match(into, filter);
  if (record == nullptr) {
    if (statement.is_true_at("upsert")) store(request, into, new_document(filter, change));
    return statement.is_true_at("upsert");
  }
  auto document = changed(view_document(*record->at(std::nullopt)), change);
  const auto id = filter_of_id(view_document(document));
  DocumentBuilder entry;
  entry.text("op", "u").document("o", document).document("o2", id);
  log(request.database + "." + request.collection, std::move(entry));
  record->put(now(), std::move(document));
  return true;
}

bool StandInModel::remove_one(const Request& request, StoredCollection& from, DocumentView filter) {
  auto* record = first_match(from, filter);
  if (record == nullptr) return false;
  const auto id = filter_of_id(view_document(*record->at(std::nullopt)));
  DocumentBuilder entry;
  entry.text("op", "d").document("o", id);
  log(request.database + "." + request.collection, std::move(entry));
  record->put(now(), std::nullopt);
  from.by_id.erase(id);
  return true;
}

DocumentBuilder StandInModel::update(const Request& request) {
  check_primary(request);
  check_bypass(request);
  const auto statements = request.command.find("updates");
  std::int32_t changed_ones = 0;
  for (const auto& each : statements->inside())
    changed_ones += change_one(request, each.inside()) ? 1 : 0;
  DocumentBuilder reply;
  reply.int32("n", changed_ones).int32("nModified", changed_ones);
  return reply;
}

DocumentBuilder StandInModel::remove(const Request& request) {
  check_primary(request);
  auto& from = made(request);
  std::int32_t removed = 0;
  const auto statements = request.command.find("deletes");
  for (const auto& each : statements->inside()) {
    const auto filter = each.inside().document_at("q").value_or(DocumentView());
    const auto limit = each.inside().find("limit");
    while (remove_one(request, from, filter)) {
      ++removed;
      if (limit && limit->integer() == 1) break;
    }
  }
  DocumentBuilder reply;
  reply.int32("n", removed);
  return reply;
}

}  // namespace lifeboat::engine::mongodb::testing
