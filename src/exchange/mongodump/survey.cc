#include "exchange/mongodump/survey.h"

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/extended_json.h"
#include "exchange/counterpart.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::BsonType;
using engine::mongodb::check_collection;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;
using engine::mongodb::kBucketsPrefix;
using engine::mongodb::OplogEntry;
using engine::mongodb::Timestamp;

bool are_buckets(std::string_view name) { return name.starts_with(kBucketsPrefix); }

std::string database_in(std::string_view ns) { return std::string(ns.substr(0, ns.find('.'))); }

Result<Collection> collection_of(const ArchiveCollection& about) {
  const std::string text = about.metadata.empty() ? "{}" : about.metadata;
  const auto metadata = TRY_CONTEXT("the metadata", engine::mongodb::from_extended_json(text));
  const auto view = engine::mongodb::view_document(metadata);
  const auto options = view.document_at("options").value_or(DocumentView());
  const auto type = about.type.empty() ? type_in(view) : std::string_view(about.type);
  const bool is_series = type == "timeseries";
  if (!are_buckets(about.collection) && is_series != options.document_at("timeseries").has_value())
    return fail(Code::corrupt, is_series ? "it is a time series without the options of one"
                                         : "it has the options of a time series and is none");
  std::vector<Bytes> indexes;
  for (const auto& each : view.document_at("indexes").value_or(DocumentView()))
    indexes.push_back(to_bytes(each.inside().bytes()));
  return check_collection(DocumentBuilder()
                              .text("name", about.collection)
                              .text("type", type)
                              .document("options", options.bytes())
                              .take(),
                          std::move(indexes));
}

// What a time series and its buckets both have in their options, as far as it has a meaning.
Result<Bytes> shared_options(const Collection& collection) {
  DocumentBuilder options;
  if (const auto series = collection.options().find("timeseries")) options.element(*series);
  return engine::mongodb::normalised(TRY(check_collection(DocumentBuilder()
                                                              .text("name", "shared")
                                                              .text("type", "timeseries")
                                                              .document("options", options.take())
                                                              .take(),
                                                          {})));
}

Result<void> join_buckets(FoundCollection& series, FoundCollections& all) {
  const auto name = engine::mongodb::buckets_name(series.collection.name);
  const auto buckets = all.find(name);
  if (buckets == all.end())
    return fail(Code::corrupt,
                "the buckets of this time series (" + name + ") are not in the dump");
  const bool agrees =
      !buckets->second.has_metadata ||
      TRY(shared_options(buckets->second.collection)) == TRY(shared_options(series.collection));
  if (!agrees)
    return fail(Code::corrupt, "the metadata of " + name + " is that of another time series");
  series.collection = TRY(engine::mongodb::with_field(
      series.collection, engine::mongodb::kBucketsField, buckets->second.collection.info));
  series.sum = buckets->second.sum;
  series.without_id = buckets->second.without_id;
  all.erase(buckets);
  return {};
}

}  // namespace

Result<void> DumpSurvey::head(const ArchiveHead& head) {
  head_ = head;
  return {};
}

Result<void> DumpSurvey::collection(const ArchiveCollection& about) {
  if (about.is_log()) return {};
  auto collection = TRY_CONTEXT(about.name(), collection_of(about));
  FoundCollection found{std::move(collection), !about.metadata.empty()};
  if (databases_[about.database].emplace(about.collection, std::move(found)).second) return {};
  return fail(Code::corrupt, about.name() + " is there twice");
}

// Buckets have no metadata of their own.
Result<FoundCollection*> DumpSurvey::found(const ArchiveCollection& of) {
  auto& collections = databases_[of.database];
  if (are_buckets(of.collection) && !collections.contains(of.collection))
    TRY(collection({of.database, of.collection, "", ""}));
  const auto found = collections.find(of.collection);
  if (found != collections.end()) return &found->second;
  return fail(Code::corrupt, of.name() + " has documents, and no metadata");
}

Result<void> DumpSurvey::document(const ArchiveCollection& of, DocumentView document) {
  if (of.is_log()) return take_entry(document);
  auto* into = TRY(found(of));
  into->sum.add(engine::mongodb::sum_of(document.bytes()));
  if (!document.find("_id")) ++into->without_id;
  return {};
}

// There may be none.
Result<void> DumpSurvey::complete(const ArchiveCollection& about, std::uint64_t) {
  if (!about.is_log() && are_buckets(about.collection)) TRY(found(about));
  return {};
}

Result<FoundCollections> DumpSurvey::take_collections(const std::string& database) {
  auto all = std::move(databases_.at(database));
  for (auto& [name, each] : all)
    if (each.collection.kind == CollectionKind::time_series)
      TRY_CONTEXT(database + "." + name, join_buckets(each, all));
  for (const auto& [name, each] : all)
    if (are_buckets(name))
      return fail(Code::corrupt, database + "." + name +
                                     " holds the buckets of a time series that the dump has not");
  return all;
}

SeriesInLog DumpSurvey::series_in_log(const std::string& database) const {
  const auto found = series_.find(database);
  return found == series_.end() ? SeriesInLog{} : found->second;
}

Result<void> DumpSurvey::take_entry(DocumentView document) {
  auto& log = log_ ? *log_ : log_.emplace();
  ++log.entries;
  if (without_oplog_) return {};
  const auto entry = TRY_CONTEXT("the log", engine::mongodb::parse_entry(document));
  if (entry.at.ts == Timestamp()) return fail(Code::corrupt, "an entry of the log has no moment");
  if (entry.at.ts < log.last) return fail(Code::corrupt, "the log is not in its order");
  log.last = entry.at.ts;
  note_all(entry, log);
  return {};
}

void DumpSurvey::note_all(const OplogEntry& entry, LogOfDump& log) {
  note_database(entry.ns, log);
  if (entry.operation == engine::mongodb::Operation::command)
    note_command(database_in(entry.ns), entry.object, log);
  const auto operations = entry.object.find("applyOps");
  if (!operations || !operations->holds(BsonType::array)) return;
  for (const auto& each : operations->inside()) {
    if (!each.holds(BsonType::document)) continue;
    const auto ns = each.inside().text_at("ns").value_or("");
    note_database(ns, log);
    if (each.inside().text_at("op") == "c")
      note_command(database_in(ns), each.inside().document_at("o").value_or(DocumentView()), log);
  }
}

void DumpSurvey::note_command(const std::string& database, DocumentView command, LogOfDump& log) {
  if (command.empty()) return;
  const auto name = command.begin()->key;
  if (name == "renameCollection") note_database(command.text_at("to").value_or(""), log);
  if (name != "create" || !command.find("timeseries")) return;
  const std::string made(command.text_at("create").value_or(""));
  if (are_buckets(made))
    series_[database].names.insert(engine::mongodb::series_name(made));
  else
    series_[database].without_buckets = made;
}

// What comes before the log is all that there is.
void DumpSurvey::note_database(std::string_view ns, LogOfDump& log) const {
  const auto database = database_in(ns);
  if (database.empty() || is_servers_own(database) || database == log.stranger) return;
  if (databases_.contains(database) || lies_beside(database))
    log.is_of_dump = true;
  else
    log.stranger = database;
}

// Of a dump of several, of which one is given, the log tells of all.
bool DumpSurvey::lies_beside(const std::string& database) const {
  if (of_one_.empty() || database.find('/') != database.npos) return false;
  std::error_code error;
  return fs::is_directory(fs::symlink_status(of_one_.parent_path() / database, error));
}

}  // namespace lifeboat::exchange::mongodump
