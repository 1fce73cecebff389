#include "engine/mongodb/catalog_reader.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/mongodb/scratch_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint32_t kBatch = 1000;

// Kept by the server for itself; what is in it follows from the rest.
bool is_internal(std::string_view name) {
  return name == "system.views" || name == "system.profile";
}

// All of them, or the error names the right that the user lacks.
Result<std::vector<Bytes>> list_all(const Connection& connection, const std::string& database,
                                    ByteView command) {
  auto cursor = TRY(connection.open_cursor(database, command, kBatch));
  std::vector<Bytes> documents;
  for (auto document = TRY(cursor.next()); !document.empty(); document = TRY(cursor.next())) {
    TRY(DocumentView::check(document));
    documents.push_back(to_bytes(document));
  }
  return documents;
}

// authorizedCollections is never asked for: it would hide what this user may not read.
Bytes list_collections(DocumentView filter) {
  DocumentBuilder command;
  command.int32("listCollections", 1).document("cursor", DocumentBuilder().take());
  if (!filter.empty()) command.document("filter", filter.bytes());
  return command.take();
}

Bytes list_indexes(const std::string& collection) {
  return DocumentBuilder()
      .text("listIndexes", collection)
      .document("cursor", DocumentBuilder().take())
      .take();
}

// What was listed of the buckets goes with their time series, whole.
Result<void> join_buckets(std::vector<Collection>& collections) {
  std::map<std::string, Collection*> series;
  for (auto& each : collections)
    if (each.kind == CollectionKind::time_series) series[buckets_name(each.name)] = &each;
  for (const auto& each : collections) {
    const auto found = series.find(each.name);
    if (found == series.end()) continue;
    *found->second = TRY(with_field(*found->second, kBucketsField, each.info));
  }
  std::erase_if(collections, [&](const auto& each) { return series.contains(each.name); });
  return {};
}

std::string text_of(const DocumentView& document, std::string_view key) {
  return std::string(document.text_at(key).value_or(""));
}

// Since 4.4 a server says which process it is.
std::string process_of(const DocumentView& hello) {
  const auto topology = hello.document_at("topologyVersion");
  const auto process = topology ? topology->find("processId") : std::nullopt;
  return process && process->holds(BsonType::object_id) ? to_hex(process->value) : "";
}

std::vector<std::string> members_of(const DocumentView& hello) {
  std::vector<std::string> members;
  for (const auto* key : {"hosts", "passives", "arbiters"}) {
    const auto list = hello.find(key);
    if (!list || !list->holds(BsonType::array)) continue;
    for (const auto& each : list->inside()) members.emplace_back(each.text().value_or(""));
  }
  return members;
}

// {lastWrite: {opTime: {ts}, majorityOpTime: {ts}}}
std::optional<Timestamp> write_in(const DocumentView& hello, std::string_view which) {
  const auto writes = hello.document_at("lastWrite");
  const auto place = writes ? writes->document_at(which) : std::nullopt;
  const auto ts = place ? place->find("ts") : std::nullopt;
  return ts ? ts->timestamp() : std::nullopt;
}

}  // namespace

Result<std::vector<Collection>> read_collections(const Connection& connection,
                                                 const std::string& database, DocumentView filter) {
  auto infos = TRY_CONTEXT("listing the collections of " + database,
                           list_all(connection, database, list_collections(filter)));
  std::vector<Collection> collections;
  for (auto& info : infos)
    if (const auto name = text_of(view_document(info), "name");
        !is_internal(name) && !is_token_collection(database, name))
      collections.push_back(TRY(check_collection(std::move(info), {})));
  return collections;
}

Result<Catalog> read_catalog(const Connection& connection, const std::string& database) {
  Catalog catalog{database, TRY(read_collections(connection, database))};
  TRY(join_buckets(catalog.collections));
  for (auto& each : catalog.collections) {
    if (!each.has_documents()) continue;
    auto indexes = TRY_CONTEXT("listing the indexes of " + database + "." + each.name,
                               list_all(connection, database, list_indexes(each.name)));
    each = TRY(check_collection(std::move(each.info), std::move(indexes)));
  }
  std::ranges::sort(catalog.collections, {}, &Collection::name);
  return catalog;
}

Result<std::vector<std::string>> list_databases(const Connection& connection) {
  const auto reply = TRY(connection.command(
      "admin", DocumentBuilder().int32("listDatabases", 1).boolean("nameOnly", true).take()));
  const auto databases = TRY(DocumentView::check(reply)).document_at("databases");
  if (!databases) return fail(Code::corrupt, "the server listed no databases");
  std::vector<std::string> names;
  for (const auto& each : *databases)
    if (const auto database = each.document()) names.push_back(text_of(*database, "name"));
  return names;
}

std::string ServerFacts::product() const {
  return ferretdb.empty() ? "MongoDB " + version : "FerretDB " + ferretdb;
}

double ServerFacts::release() const { return release_of(version); }

double release_of(std::string_view version) {
  constexpr double kOldest = 4.2;  // that the driver speaks to at all is another matter
  double release = kOldest;
  std::from_chars(version.data(), version.data() + version.size(), release);
  return release;
}

std::optional<Time> clock_in(DocumentView hello) {
  const auto time = hello.find("localTime");
  if (!time || !time->holds(BsonType::date)) return std::nullopt;
  const auto milliseconds = static_cast<std::int64_t>(little_endian_64(time->value));
  constexpr std::int64_t kMost = 253'402'300'800'000;  // the year 10000
  if (milliseconds <= 0 || milliseconds >= kMost) return std::nullopt;
  return Time(std::chrono::milliseconds(milliseconds));
}

Result<ServerFacts> ask_server(const Connection& connection) {
  const auto build =
      TRY(connection.command("admin", DocumentBuilder().int32("buildInfo", 1).take()));
  const auto hello = TRY(connection.command("admin", DocumentBuilder().int32("hello", 1).take()));
  const auto built = TRY(DocumentView::check(build));
  const auto said = TRY(DocumentView::check(hello));
  ServerFacts facts;
  facts.version = text_of(built, "version");
  facts.ferretdb = text_of(built, "ferretdbVersion");
  if (facts.ferretdb.empty())
    if (const auto own = built.document_at("ferretdb")) facts.ferretdb = text_of(*own, "version");
  facts.replica_set = text_of(said, "setName");
  facts.process = process_of(said);
  facts.members = members_of(said);
  if (const auto cluster = said.document_at("$clusterTime"))
    if (const auto time = cluster->find("clusterTime")) facts.cluster_time = time->timestamp();
  facts.clock = clock_in(said);
  facts.is_sharded = text_of(said, "msg") == "isdbgrid";
  // What a shard adds to each reply, for a mongos.
  facts.is_shard = said.find("$gleStats").has_value();
  facts.is_primary = said.is_true_at("isWritablePrimary");
  facts.is_secondary = said.is_true_at("secondary");
  facts.primary = text_of(said, "primary");
  facts.last_write = write_in(said, "opTime");
  facts.committed_write = write_in(said, "majorityOpTime");
  return facts;
}

}  // namespace lifeboat::engine::mongodb
