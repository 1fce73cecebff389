#include "engine/mongodb/test_stand_in_model.h"

#include <algorithm>

namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr std::uint32_t kBegan = 1'763'700'000;  // the seconds of its clock, which writes move on
constexpr std::uint32_t kTicksASecond = 10;
constexpr std::int64_t kFirstBatch = 101;
constexpr std::size_t kBatchBytes = 16U << 20U;

std::int32_t wire_version_of(const std::string& version) {
  const auto release = release_number(version);
  if (release >= 8) return 25;
  if (release >= 7) return 21;
  if (release >= 6) return 17;
  return release >= 5 ? 13 : 9;
}

Bytes session_of(DocumentView command) {
  const auto session = command.document_at("lsid");
  return session ? to_bytes(session->bytes()) : Bytes{};
}

std::optional<std::int64_t> integer_at(DocumentView document, std::string_view key) {
  const auto found = document.find(key);
  return found ? found->integer() : std::nullopt;
}

Bytes filter_in(DocumentView command, std::string_view key) {
  return to_bytes(command.document_at(key).value_or(DocumentView()).bytes());
}

// By one field, or against the order in which they came.
void sort_documents(std::vector<Bytes>& documents, DocumentView by) {
  const auto rule = *by.begin();
  const bool falls = rule.integer() == -1;
  if (rule.key == "$natural") {
    if (falls) std::ranges::reverse(documents);
    return;
  }
  std::ranges::stable_sort(documents, [&](const Bytes& left, const Bytes& right) {
    const auto one = value_at(view_document(left), rule.key);
    const auto other = value_at(view_document(right), rule.key);
    if (!one || !other) return falls ? one && !other : !one && other;
    const auto order = compare_values(*one, *other);
    return order && (falls ? *order > 0 : *order < 0);
  });
}

}  // namespace

double release_number(const std::string& version) { return std::stod(version); }

StandInModel::StandInModel(StandInOptions options) : options_(std::move(options)) {
  if (options_.authorization) {
    ArrayBuilder roles;
    const auto root = DocumentBuilder()
                          .text("createUser", "root")
                          .array("roles", roles.text("root").take())
                          .take();
    create_principal({admin(), view_document(root), "createUser", "root"});
  }
  if (!options_.replica_set) return;
  auto& log = databases_["local"]["oplog.rs"];
  log.name = "oplog.rs";
  log.options = DocumentBuilder().boolean("capped", true).int64("size", 1 << 30).take();
  DocumentBuilder first;
  first.text("op", "n").document("o", DocumentBuilder().text("msg", "initiating set").take());
  StandInModel::log("", std::move(first));
  if (options_.ferretdb.empty()) keep_replica_set();
}

void StandInModel::keep_replica_set() {
  const auto id = *from_hex(options_.set_id);
  const auto settings =
      DocumentBuilder().element("replicaSetId", Element{BsonType::object_id, {}, id, {}}).take();
  auto& sets = databases_["local"]["system.replset"];
  sets.name = "system.replset";
  sets.records[next_record_++].put(
      now(), DocumentBuilder().text("_id", "rs0").document("settings", settings).take());
}

void StandInModel::forget_history() {
  const std::scoped_lock lock(mutex_);
  oldest_ = tick();
}

void StandInModel::ignore_read_concern() {
  const std::scoped_lock lock(mutex_);
  ignores_read_concern_ = true;
}

// A driver writes once more when it is told that this is of use.
Bytes StandInModel::refuse(const Refusal& refusal) {
  constexpr std::int32_t kNotWritablePrimary = 10107;
  DocumentBuilder reply;
  reply.number("ok", 0).text("errmsg", refusal.message);
  reply.int32("code", refusal.code).text("codeName", refusal.name);
  if (refusal.code == kNotWritablePrimary)
    reply.array("errorLabels", ArrayBuilder().text("RetryableWriteError").take());
  return reply.take();
}

Bytes StandInModel::run(const std::string& database, DocumentView command, StandInClient& client) {
  const auto first = *command.begin();
  const std::scoped_lock lock(mutex_);
  try {
    return answer({database, command, std::string(first.key),
                   std::string(first.text().value_or("")), &client});
  } catch (const Refusal& refusal) {
    return refuse(refusal);
  }
}

Bytes StandInModel::answer(const Request& request) {
  const auto handler = handlers().find(request.name);
  if (handler == handlers().end())
    throw Refusal{59, "CommandNotFound", "no such command: '" + request.name + "'"};
  if (options_.authorization) check_authorized(request);
  check_secondary_will_do(request);
  auto reply = (this->*handler->second)(request);
  reply.number("ok", 1);
  if (!options_.replica_set) return reply.take();
  const auto signature = DocumentBuilder().binary("hash", Bytes(20)).int64("keyId", 0).take();
  const auto cluster =
      DocumentBuilder().timestamp("clusterTime", now()).document("signature", signature).take();
  return reply.timestamp("operationTime", now()).document("$clusterTime", cluster).take();
}

const std::map<std::string_view, StandInModel::Handler>& StandInModel::handlers() {
  using Model = StandInModel;
  static const std::map<std::string_view, Handler> kHandlers{
      {"hello", &Model::hello},
      {"isMaster", &Model::hello},
      {"ismaster", &Model::hello},
      {"ping", &Model::nothing},
      {"endSessions", &Model::nothing},
      {"buildInfo", &Model::build_info},
      {"getParameter", &Model::get_parameter},
      {"listDatabases", &Model::list_databases},
      {"listCollections", &Model::list_collections},
      {"listIndexes", &Model::list_indexes},
      {"find", &Model::find},
      {"getMore", &Model::get_more},
      {"killCursors", &Model::kill_cursors},
      {"count", &Model::count},
      {"aggregate", &Model::aggregate},
      {"insert", &Model::insert},
      {"update", &Model::update},
      {"delete", &Model::remove},
      {"create", &Model::create},
      {"createIndexes", &Model::create_indexes},
      {"dropIndexes", &Model::drop_indexes},
      {"collMod", &Model::coll_mod},
      {"drop", &Model::drop},
      {"dropDatabase", &Model::drop_database},
      {"renameCollection", &Model::rename},
      {"dbStats", &Model::stats},
      {"collStats", &Model::stats},
      {"validate", &Model::validate},
      {"saslStart", &Model::authenticate},
      {"saslContinue", &Model::continue_scram},
      {"connectionStatus", &Model::connection_status},
      {"createUser", &Model::create_principal},
      {"createRole", &Model::create_principal},
      {"dropUser", &Model::drop_principal},
      {"dropRole", &Model::drop_principal},
      {"updateUser", &Model::update_principal},
      {"updateRole", &Model::update_principal},
      {"grantRolesToUser", &Model::grant_roles},
      {"usersInfo", &Model::principals_info},
      {"rolesInfo", &Model::principals_info},
      {"_mergeAuthzCollections", &Model::merge_principals},
  };
  return kHandlers;
}

Timestamp StandInModel::now() const {
  return {kBegan + ticks_ / kTicksASecond, ticks_ % kTicksASecond + 1};
}

Timestamp StandInModel::tick() {
  ++ticks_;
  return now();
}

const Bytes* StandInModel::Record::at(std::optional<Timestamp> moment) const {
  const Bytes* document = nullptr;
  for (const auto& [since, version] : versions_)
    if (!moment || since <= *moment) document = version ? &*version : nullptr;
  return document;
}

void StandInModel::Record::put(Timestamp since, std::optional<Bytes> document) {
  versions_.emplace_back(since, std::move(document));
}

std::vector<Bytes> StandInModel::StoredCollection::present(std::optional<Timestamp> moment) const {
  std::vector<Bytes> documents;
  for (const auto& [number, record] : records)
    if (const auto* document = record.at(moment)) documents.push_back(*document);
  return documents;
}

std::vector<Bytes> StandInModel::documents_in(const std::string& database,
                                              const std::string& collection) {
  const auto* holder = found(database, collection);
  if (holder == nullptr) return {};
  return has_buckets(*holder) ? measurements_in(database, *holder, {}) : holder->present();
}

StandInModel::StoredCollection* StandInModel::found(const std::string& database,
                                                    const std::string& collection) {
  const auto holder = databases_.find(database);
  if (holder == databases_.end()) return nullptr;
  const auto at = holder->second.find(collection);
  return at == holder->second.end() ? nullptr : &at->second;
}

StandInModel::StoredCollection& StandInModel::there(const Request& request) {
  if (auto* collection = found(request.database, request.collection)) return *collection;
  throw Refusal{26, "NamespaceNotFound",
                "ns not found " + request.database + "." + request.collection};
}

DocumentBuilder StandInModel::nothing(const Request&) { return {}; }

DocumentBuilder StandInModel::hello(const Request& request) {
  DocumentBuilder reply;
  reply.boolean("helloOk", true)
      .boolean(request.name == "hello" ? "isWritablePrimary" : "ismaster", primary_)
      .int32("maxBsonObjectSize", 16 << 20)
      .int32("maxMessageSizeBytes", 48'000'000)
      .int32("maxWriteBatchSize", 100'000)
      .int32("logicalSessionTimeoutMinutes", 30)
      .int32("minWireVersion", 0)
      .int32("maxWireVersion", wire_version_of(options_.version));
  if (options_.is_router) reply.text("msg", "isdbgrid");
  if (options_.is_shard) reply.document("$gleStats", DocumentBuilder().take());
  if (request.command.find("saslSupportedMechs"))
    reply.array("saslSupportedMechs", ArrayBuilder().text("SCRAM-SHA-256").take());
  if (options_.replica_set) tell_members(reply);
  // The driver's own question would be the beginning of a conversation.
  if (!options_.process.empty() && !request.command.find("helloOk"))
    reply.document(
        "topologyVersion",
        DocumentBuilder()
            .element("processId", Element{BsonType::object_id, {}, *from_hex(options_.process), {}})
            .take());
  return reply;
}

DocumentBuilder StandInModel::build_info(const Request&) {
  DocumentBuilder reply;
  reply.text("version", options_.version);
  if (!options_.ferretdb.empty()) reply.text("ferretdbVersion", options_.ferretdb);
  return reply;
}

DocumentBuilder StandInModel::get_parameter(const Request&) {
  const auto release = options_.version.substr(0, options_.version.find('.', 2));
  DocumentBuilder reply;
  reply.document("featureCompatibilityVersion", DocumentBuilder().text("version", release).take());
  // A test that puts anything into `admin.kept` has turned it off.
  reply.boolean("ttlMonitorEnabled", !databases_["admin"].contains("kept"));
  return reply;
}

DocumentBuilder StandInModel::list_databases(const Request&) {
  ArrayBuilder list;
  for (const auto& [name, collections] : databases_)
    if (!collections.empty()) list.document(DocumentBuilder().text("name", name).take());
  DocumentBuilder reply;
  reply.array("databases", list.take());
  return reply;
}

// An error where a server of this version gives no snapshot; nothing where none is asked for.
std::optional<Timestamp> StandInModel::snapshot_of(const Request& request,
                                                   const StoredCollection* read) {
  const auto concern = request.command.document_at("readConcern");
  if (ignores_read_concern_ || !concern || concern->text_at("level") != "snapshot")
    return std::nullopt;
  if (!options_.replica_set)
    throw Refusal{123, "NotAReplicaSet", "snapshot reads need a member of a replica set"};
  if (release_number(options_.version) < 5)
    throw Refusal{72, "InvalidOptions", "readConcern level snapshot is for transactions only"};
  if (read != nullptr && view_document(read->options).is_true_at("capped") &&
      release_number(options_.version) < 8)
    throw Refusal{246, "SnapshotUnavailable",
                  "Reading from capped collections with readConcern snapshot is not supported"};
  const auto wanted = concern->find("atClusterTime");
  if (!wanted) return tick();
  if (*wanted->timestamp() < oldest_)
    throw Refusal{239, "SnapshotTooOld", "Read timestamp is older than the oldest available"};
  return wanted->timestamp();
}

DocumentBuilder StandInModel::find(const Request& request) {
  const auto* collection = found(request.database, request.collection);
  if (collection != nullptr && collection->type == "view")
    throw Refusal{166, "CommandNotSupportedOnView", "the stand-in reads no views"};
  OpenCursor cursor{request.database, request.collection, session_of(request.command)};
  cursor.moment = snapshot_of(request, collection);
  cursor.filter = filter_in(request.command, "filter");
  cursor.limit = integer_at(request.command, "limit");
  if (cursor.limit == 0) cursor.limit.reset();
  if (collection == nullptr) return batch(std::move(cursor), request, "firstBatch");
  cursor.uuid = collection->uuid;
  cursor.by_id = request.command.find("hint").has_value();
  cursor.behind = filter_in(request.command, "min");
  cursor.with_key = true;
  const auto sort = request.command.document_at("sort");
  const bool is_sorted = sort && !sort->empty();
  if (!is_sorted && collection->type != "timeseries")
    return batch(std::move(cursor), request, "firstBatch");
  cursor.fixed = has_buckets(*collection)
                     ? measurements_in(request.database, *collection, cursor.moment)
                     : collection->present(cursor.moment);
  std::erase_if(cursor.fixed, [&](const Bytes& each) {
    return !matches(view_document(each), view_document(cursor.filter));
  });
  if (is_sorted) sort_documents(cursor.fixed, *sort);
  if (cursor.limit && cursor.fixed.size() > static_cast<std::size_t>(*cursor.limit))
    cursor.fixed.resize(static_cast<std::size_t>(*cursor.limit));
  cursor.reaches_end = true;
  return batch(std::move(cursor), request, "firstBatch");
}

// A scan sees the collection as it is when it gets there, unless it is of a moment.
std::optional<Bytes> StandInModel::take_next(OpenCursor& cursor) {
  if (cursor.next_fixed < cursor.fixed.size()) return cursor.fixed[cursor.next_fixed++];
  if (cursor.reaches_end || cursor.by_id || cursor.limit == 0) return std::nullopt;
  check_there(cursor);
  const auto* collection = found(cursor.database, cursor.collection);
  if (collection == nullptr) return std::nullopt;
  for (auto at = collection->records.upper_bound(cursor.last_record);
       at != collection->records.end(); ++at) {
    cursor.last_record = at->first;
    const auto* document = at->second.at(cursor.moment);
    if (document == nullptr) continue;
    if (!matches(view_document(*document), view_document(cursor.filter))) continue;
    if (cursor.limit) --*cursor.limit;
    return *document;
  }
  return std::nullopt;
}

void StandInModel::check_there(const OpenCursor& cursor) {
  const auto* collection = found(cursor.database, cursor.collection);
  if (collection == nullptr && cursor.uuid.empty()) return;
  if (collection == nullptr || collection->uuid != cursor.uuid)
    throw Refusal{175, "QueryPlanKilled", "collection dropped"};
}

// By their bytes: any order of keys does that stays the same.
void StandInModel::look_behind_key(OpenCursor& cursor) {
  check_there(cursor);
  cursor.fixed.clear();
  cursor.next_fixed = 0;
  const auto* collection = found(cursor.database, cursor.collection);
  if (collection == nullptr) return;
  std::map<Bytes, Bytes> rest;
  for (const auto& [number, record] : collection->records) {
    const auto* document = record.at(cursor.moment);
    if (document == nullptr) continue;
    auto key = filter_of_id(view_document(*document));
    if (key > cursor.behind || (cursor.with_key && key == cursor.behind))
      rest[std::move(key)] = *document;
  }
  for (auto& [key, document] : rest) cursor.fixed.push_back(std::move(document));
}

DocumentBuilder StandInModel::batch(OpenCursor cursor, const Request& request, const char* list) {
  const auto nested = request.command.document_at("cursor");
  const auto asked = integer_at(nested ? *nested : request.command, "batchSize");
  const auto most = asked.value_or(request.name == "getMore" ? 1 << 20 : kFirstBatch);
  if (cursor.by_id) look_behind_key(cursor);
  ArrayBuilder documents;
  std::size_t size = 0;
  bool ended = false;
  while (!ended && static_cast<std::int64_t>(documents.size()) < most && size < kBatchBytes) {
    const auto next = take_next(cursor);
    ended = !next;
    if (!next) break;
    size += next->size();
    documents.document(*next);
    if (cursor.by_id) cursor.behind = filter_of_id(view_document(*next));
  }
  cursor.with_key = false;
  ended = ended || cursor.limit == 0;
  DocumentBuilder inside;
  inside.array(list, documents.take());
  if (cursor.moment) inside.timestamp("atClusterTime", *cursor.moment);
  const auto number = ended ? 0 : next_cursor_++;
  inside.int64("id", number).text("ns", cursor.database + "." + cursor.collection);
  if (!ended) cursors_.insert_or_assign(number, std::move(cursor));
  DocumentBuilder reply;
  reply.document("cursor", inside.take());
  return reply;
}

DocumentBuilder StandInModel::get_more(const Request& request) {
  const auto number = integer_at(request.command, "getMore").value_or(0);
  const auto at = cursors_.find(number);
  if (at == cursors_.end())
    throw Refusal{43, "CursorNotFound", "cursor id " + std::to_string(number) + " not found"};
  if (at->second.session != session_of(request.command))
    throw Refusal{50738, "Location50738", "the cursor was created in another session"};
  if (at->second.moment && *at->second.moment < oldest_)
    throw Refusal{239, "SnapshotTooOld", "Read timestamp is older than the oldest available"};
  auto cursor = std::move(at->second);
  cursors_.erase(at);
  return batch(std::move(cursor), request, "nextBatch");
}

DocumentBuilder StandInModel::kill_cursors(const Request& request) {
  const auto list = request.command.find("cursors");
  if (list)
    for (const auto& each : list->inside()) cursors_.erase(each.integer().value_or(0));
  return {};
}

DocumentBuilder StandInModel::count(const Request& request) {
  std::int32_t number = 0;
  const auto filter = filter_in(request.command, "query");
  for (const auto& each : documents_in(request.database, request.collection))
    number += matches(view_document(each), view_document(filter)) ? 1 : 0;
  DocumentBuilder reply;
  reply.int32("n", number);
  return reply;
}

DocumentBuilder StandInModel::give(const Request& request, std::vector<Bytes> documents) {
  OpenCursor cursor{request.database, "$cmd." + request.name, session_of(request.command)};
  cursor.fixed = std::move(documents);
  cursor.reaches_end = true;
  return batch(std::move(cursor), request, "firstBatch");
}

DocumentBuilder StandInModel::stats(const Request& request) {
  double size = 0;
  std::int64_t documents = 0;
  for (const auto& [name, collection] : databases_[request.database]) {
    if (!request.collection.empty() && name != request.collection) continue;
    for (const auto& each : collection.present()) {
      size += static_cast<double>(each.size());
      ++documents;
    }
  }
  DocumentBuilder reply;
  reply.number(request.collection.empty() ? "dataSize" : "size", size);
  reply.int64(request.collection.empty() ? "objects" : "count", documents);
  return reply;
}

DocumentBuilder StandInModel::validate(const Request& request) {
  there(request);
  DocumentBuilder reply;
  reply.boolean("valid", true);
  return reply;
}

}  // namespace lifeboat::engine::mongodb::testing
