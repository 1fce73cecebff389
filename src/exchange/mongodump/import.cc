#include "exchange/mongodump/import.h"

#include <algorithm>
#include <iterator>

#include "base/counted.h"
#include "engine/losses.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/recreate.h"
#include "exchange/counterpart.h"
#include "exchange/inserting.h"
#include "exchange/mongodump/dump_log.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::BsonType;
using engine::mongodb::Catalog;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::CollectionScan;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentDigest;
using engine::mongodb::DocumentSum;
using engine::mongodb::DocumentView;
using engine::mongodb::KeptWindow;
using engine::mongodb::Location;
using engine::mongodb::OplogEntry;
using engine::mongodb::Timestamp;
using engine::mongodb::Validators;
using engine::mongodb::ValidatorsAside;

constexpr std::size_t kMostWaiting = 64U << 20U;  // bytes, of all collections of an archive

bool is_log(const ArchiveCollection& collection) { return collection.database.empty(); }

// Of older dumps the type is not told: its options are.
std::string_view type_in(const ArchiveCollection& about, DocumentView options) {
  if (!about.type.empty()) return about.type;
  if (options.find("viewOn")) return "view";
  return options.find("timeseries") ? "timeseries" : "collection";
}

Result<Collection> collection_of(const ArchiveCollection& about) {
  const std::string text = about.metadata.empty() ? "{}" : about.metadata;
  const auto metadata = TRY_CONTEXT("the metadata", engine::mongodb::from_extended_json(text));
  const auto view = engine::mongodb::view_document(metadata);
  const auto options = view.document_at("options").value_or(DocumentView());
  std::vector<Bytes> indexes;
  for (const auto& each : view.document_at("indexes").value_or(DocumentView()))
    indexes.push_back(to_bytes(each.inside().bytes()));
  return engine::mongodb::check_collection(DocumentBuilder()
                                               .text("name", about.collection)
                                               .text("type", type_in(about, options))
                                               .document("options", options.bytes())
                                               .take(),
                                           std::move(indexes));
}

// The first pass: what there is, of every database. Of a log that is left out its entries are only
// counted: nothing in it matters.
class DumpSurvey final : public ArchiveVisitor {
 public:
  DumpSurvey(bool without_oplog, fs::path of_one)
      : without_oplog_(without_oplog), of_one_(std::move(of_one)) {}

  Result<void> head(const ArchiveHead& head) override {
    head_ = head;
    return {};
  }
  Result<void> collection(const ArchiveCollection& about) override {
    if (is_log(about)) return {};
    auto collection = TRY_CONTEXT(about.name(), collection_of(about));
    if (!databases_[about.database]
             .emplace(about.collection, Found{std::move(collection), DocumentDigest()})
             .second)
      return fail(Code::corrupt, about.name() + " is there twice");
    return {};
  }
  Result<void> document(const ArchiveCollection& of, DocumentView document) override {
    if (is_log(of)) return take_entry(document);
    const auto database = databases_.find(of.database);
    if (database == databases_.end() || !database->second.contains(of.collection))
      return fail(Code::corrupt, of.name() + " has documents, and no metadata");
    auto& found = database->second.at(of.collection);
    found.digest.add(document.bytes());
    if (!document.find("_id")) ++found.without_id;
    return {};
  }
  Result<void> complete(const ArchiveCollection&, std::uint64_t) override { return {}; }

  struct Found {
    Collection collection;
    DocumentDigest digest;
    std::uint64_t without_id = 0;
  };
  const ArchiveHead& told() const { return head_; }
  const std::map<std::string, std::map<std::string, Found>>& databases() const {
    return databases_;
  }
  // Nothing where nothing was written while the dump was made.
  const std::optional<LogOfDump>& log() const { return log_; }
  // Of each database, a time series that the log makes.
  const std::map<std::string, std::string>& series_in_log() const { return series_; }
  const fs::path& of_one() const { return of_one_; }

 private:
  Result<void> take_entry(DocumentView document) {
    auto& log = log_ ? *log_ : log_.emplace();
    ++log.entries;
    if (without_oplog_) return {};
    const auto entry = TRY_CONTEXT("the log", engine::mongodb::parse_entry(document));
    if (entry.at.ts == Timestamp()) return fail(Code::corrupt, "an entry of the log has no moment");
    if (entry.at.ts < log.last) return fail(Code::corrupt, "the log is not in its order");
    log.last = entry.at.ts;
    note_databases(entry, log);
    const bool makes = entry.operation == engine::mongodb::Operation::command;
    if (makes && entry.object.find("timeseries"))
      series_[std::string(entry.ns.substr(0, entry.ns.find('.')))] =
          entry.object.text_at("create").value_or("");
    return {};
  }

  void note_databases(const OplogEntry& entry, LogOfDump& log) const {
    note_database(entry.ns, log);
    if (entry.operation == engine::mongodb::Operation::command &&
        entry.command() == "renameCollection")
      note_database(entry.object.text_at("to").value_or(""), log);
    const auto operations = entry.object.find("applyOps");
    if (!operations || !operations->holds(BsonType::array)) return;
    for (const auto& each : operations->inside())
      if (each.holds(BsonType::document))
        note_database(each.inside().text_at("ns").value_or(""), log);
  }

  // What comes before the log is all that there is.
  void note_database(std::string_view ns, LogOfDump& log) const {
    const std::string database(ns.substr(0, ns.find('.')));
    if (database.empty() || is_servers_own(database) || database == log.stranger) return;
    if (databases_.contains(database) || lies_beside(database))
      log.is_of_dump = true;
    else
      log.stranger = database;
  }

  // Of a dump of several, of which one is given, the log tells of all.
  bool lies_beside(const std::string& database) const {
    if (of_one_.empty() || database.find('/') != database.npos) return false;
    std::error_code error;
    return fs::is_directory(fs::symlink_status(of_one_.parent_path() / database, error));
  }

  bool without_oplog_;
  fs::path of_one_;  // as folder_of_one()
  ArchiveHead head_;
  std::map<std::string, std::map<std::string, Found>> databases_;
  std::optional<LogOfDump> log_;
  std::map<std::string, std::string> series_;
};

Result<std::string> choose_database(const DumpSurvey& survey, const std::string& wanted) {
  std::string all;
  std::string only;
  for (const auto& [name, collections] : survey.databases()) {
    if (is_servers_own(name)) continue;
    only = all.empty() ? name : "";
    all += (all.empty() ? "" : ", ") + name;
  }
  if (!wanted.empty() && survey.databases().contains(wanted) && !is_servers_own(wanted))
    return wanted;
  if (wanted.empty() && !only.empty()) return only;
  if (all.empty()) return fail(Code::damage_found, "the dump holds no database of an application");
  return fail(
      Error(Code::usage, wanted.empty() ? "the dump holds several databases"
                                        : "the dump holds no database " + wanted)
          .with_hint("Say which by --from-db, or for a drill by database:, one of: " + all + "."));
}

Result<void> take_found(const std::string& name, const DumpSurvey::Found& found, DumpPlan& plan) {
  const auto& collection = found.collection;
  if (collection.kind == CollectionKind::time_series || name.starts_with("system.buckets."))
    return refuse_to_import(name + " is a time series, which cannot be imported from a dump yet",
                            "Nothing was changed. mongorestore restores it.");
  if (name.starts_with("$admin.")) {
    plan.findings.push_back({"users-left-out", name,
                             "is of the users and roles of the database (--dumpDbUsersAndRoles), "
                             "and left out: make them by hand after a recovery",
                             false});
  } else if (name.starts_with("system.") && name != "system.js") {
    plan.findings.push_back({"servers-own", name, "is the server's own and left out", false});
  } else if (collection.kind == CollectionKind::view) {
    plan.views.collections.push_back(collection);
  } else {
    plan.collections.emplace(name,
                             DumpedCollection{collection, found.digest.sum(), found.without_id});
  }
  return {};
}

Result<void> check_server_for(const Location& to, DumpPlan& plan) {
  const auto [server, there] = TRY(ask_to_fill(to));
  plan.product = server.product();
  plan.offered = engine::mongodb::offered_by(server);
  if (there.collections.empty()) return {};
  return refuse_to_import(to.describe() + " is not empty: it has " + there.collections[0].name,
                          "Name a database that is not there yet: --mongo-db NAME.");
}

// A folder that was given another name hides which database it was: its log would change nothing.
Result<void> check_log_is_of(const LogOfDump& log, const std::string& database,
                             const fs::path& of_one) {
  if (log.is_of_dump || log.stranger.empty()) return {};
  if (!of_one.empty())
    return refuse_to_import("the log beside the folder " + database + " changes " + log.stranger +
                                ", and nothing of " + database + " or of another folder there",
                            "Nothing was changed. The folder of a database must be called as the "
                            "database was, for the log names it so.");
  return refuse_to_import("the log of the dump changes " + log.stranger + ", and nothing of " +
                              database + " or of what else the dump holds",
                          "Nothing was changed. It is of another dump, or a folder was given "
                          "another name. --without-oplog leaves it out.");
}

Result<void> take_log(const DumpSurvey& survey, const DumpOptions& options, DumpPlan& plan) {
  if (!survey.log()) return {};
  if (!options.without_oplog) {
    const auto series = survey.series_in_log().find(plan.database);
    if (series != survey.series_in_log().end())
      return refuse_to_import("the log of the dump makes " + series->second +
                                  ", a time series, which cannot be imported from a dump yet",
                              "Nothing was changed. mongorestore restores it.");
    plan.log = survey.log();
    return check_log_is_of(*plan.log, plan.database, survey.of_one());
  }
  plan.findings.push_back({"log-left-out", "oplog",
                           "its " + counted(survey.log()->entries, "entry is", "entries are") +
                               " left out: each collection is as of the moment when it was read",
                           false});
  return {};
}

// Each loss is named before anything is changed.
Result<void> check_dump_losses(const DumpOptions& options, DumpPlan& plan) {
  Catalog needed = plan.views;
  for (const auto& [name, each] : plan.collections) needed.collections.push_back(each.wanted);
  plan.losses = engine::mongodb::lost_features(needed, plan.offered);
  if (options.accept_losses) return {};
  return engine::refuse_losses(plan.losses, plan.product + " cannot do what the dump needs",
                               "Nothing was changed. --accept-losses leaves it out.");
}

// The second pass: the documents of one database.
class DumpInsert final : public ArchiveVisitor {
 public:
  DumpInsert(const Location& to, const DumpPlan& plan, KeptWindow* log)
      : to_(to), plan_(plan), log_(log) {}

  Result<void> head(const ArchiveHead&) override { return {}; }
  Result<void> collection(const ArchiveCollection&) override { return {}; }
  Result<void> document(const ArchiveCollection& of, DocumentView document) override {
    if (is_log(of) && log_ != nullptr) return log_->append(document.bytes());
    if (!is_wanted(of)) return {};
    auto& inserting = of_collection(of.collection);
    waiting_ -= inserting.waiting();
    TRY_CONTEXT(of.collection, inserting.add(document.bytes()));
    waiting_ += inserting.waiting();
    return waiting_ > kMostWaiting ? flush_all() : Result<void>();
  }
  Result<void> complete(const ArchiveCollection& about, std::uint64_t) override {
    if (!is_wanted(about)) return {};
    auto& inserting = of_collection(about.collection);
    waiting_ -= inserting.waiting();
    TRY_CONTEXT(about.collection, inserting.flush());
    inserting_.erase(about.collection);
    return {};
  }

 private:
  bool is_wanted(const ArchiveCollection& about) const {
    return about.database == plan_.database && plan_.collections.contains(about.collection);
  }
  Inserting& of_collection(const std::string& name) {
    return inserting_.try_emplace(name, to_, Inserting::Into{name}).first->second;
  }
  // An archive may go through many collections at once.
  Result<void> flush_all() {
    for (auto& [name, each] : inserting_) TRY_CONTEXT(name, each.flush());
    waiting_ = 0;
    return {};
  }

  const Location& to_;
  const DumpPlan& plan_;
  KeptWindow* log_;  // null: it is left out
  std::map<std::string, Inserting> inserting_;
  std::size_t waiting_ = 0;  // bytes, of all
};

class DumpRestore {
 public:
  DumpRestore(const Location& to, const DumpPlan& plan, const RunContext& context)
      : to_(to), plan_(plan), context_(context) {}

  Result<DumpReport> run(const DumpOptions& options) {
    report_.findings = plan_.losses;
    const auto expected = TRY(plan_.log ? fill_without_validators(options) : fill(options));
    TRY(make_views(expected.catalog));
    for (const auto& each : expected.catalog.collections)
      if (each.kind != CollectionKind::view)
        TRY_CONTEXT(each.name, finish(each, expected.sums.at(each.name)));
    for (const auto& expiry : expiries_) TRY(command("letting documents expire", expiry));
    return std::move(report_);
  }

 private:
  Result<ExpectedDump> fill(const DumpOptions& options) {
    for (const auto& [name, each] : plan_.collections) TRY_CONTEXT(name, make(each.wanted));
    const auto log = plan_.log ? TRY(KeptWindow::make()) : nullptr;
    DumpInsert insert(to_, plan_, log.get());
    TRY(visit_dump(options.place(), insert, context_));
    if (!log) return expected_of(plan_);
    return replay_log({to_, plan_, *log, *validators_}, options, report_, context_);
  }

  // What the dump read late may follow rules that its log brings only now.
  Result<ExpectedDump> fill_without_validators(const DumpOptions& options) {
    validators_.emplace(to_, options.journal);
    for (auto& finding : TRY(validators_->recover()))
      report_.findings.push_back(std::move(finding));
    auto filled = fill(options);
    auto back = validators_->put_back();
    auto expected = TRY(std::move(filled));
    for (const auto& command : TRY(std::move(back)))
      if (auto found =
              engine::mongodb::find_violators(to_, engine::mongodb::view_document(command)))
        report_.findings.push_back(std::move(*found));
    return expected;
  }

  Result<void> command(const std::string& what, ByteView command) const {
    TRY_CONTEXT(what, to_.server->connect().command(to_.database, command));
    return {};
  }

  Result<void> make(const Collection& collection) {
    const auto possible = engine::mongodb::without_lost(collection, plan_.offered);
    const auto validators = validators_ ? Validators::set_aside : Validators::kept;
    if (validators_) TRY(validators_->set_aside({}, {&possible}));
    TRY(command("making it", TRY(engine::mongodb::create_command(possible, validators))));
    return validators_ ? validators_->identify(possible.name) : Result<void>();
  }

  Result<void> make_views(const Catalog& catalog) {
    if (!plan_.offered.contains(engine::mongodb::Feature::view)) return {};
    for (const auto* view : TRY(engine::mongodb::views_in_order(catalog))) {
      TRY_CONTEXT(view->name, command("making the view", TRY(engine::mongodb::create_command(
                                                             *view, Validators::kept))));
      report_.views.push_back(view->name);
    }
    return {};
  }

  Result<void> finish(const Collection& wanted, const std::optional<DocumentSum>& expected) {
    TRY(context_.check_stop());
    // Those that the server cannot have were named in the plan.
    const auto possible = engine::mongodb::without_lost(wanted, plan_.offered);
    auto indexes = TRY(make_indexes(to_, possible));
    std::ranges::move(indexes.set_expiry, std::back_inserter(expiries_));
    if (auto expiry = engine::mongodb::expiry_command(possible))
      expiries_.push_back(std::move(*expiry));
    auto scan = TRY(CollectionScan::begin(*to_.server, to_.database, wanted));
    for (auto bytes = TRY(scan.next()); !bytes.empty(); bytes = TRY(scan.next()))
      TRY(context_.check_stop());
    const auto there = scan.finish().sum;
    RestoredCollection restored{wanted.name, expected.value_or(there), there,
                                std::move(indexes.names)};
    restored.not_compared = why_not_compared(restored, expected.has_value());
    report_.collections.push_back(std::move(restored));
    return {};
  }

  std::string why_not_compared(const RestoredCollection& restored, bool is_known) const {
    if (!is_known) return "which documents the log leaves in a capped collection nobody knows";
    const auto dumped = plan_.collections.find(restored.name);
    const auto without = dumped == plan_.collections.end() ? 0 : dumped->second.without_id;
    if (without == 0 || restored.dumped.count != restored.there.count) return {};
    return "the server gave " + counted(without, "document", "documents") +
           " of the dump an _id: only the counts can be compared";
  }

  const Location& to_;
  const DumpPlan& plan_;
  const RunContext& context_;
  DumpReport report_;
  std::optional<ValidatorsAside> validators_;  // while there is a log to replay
  std::vector<Bytes> expiries_;
};

}  // namespace

std::uint64_t DumpPlan::documents() const {
  std::uint64_t all = 0;
  for (const auto& [name, each] : collections) all += each.sum.count;
  return all;
}

bool DumpReport::is_equal() const {
  return std::ranges::all_of(collections, &RestoredCollection::is_equal);
}

Result<DumpPlan> plan_dump(const Location& to, const DumpOptions& options,
                           const RunContext& context) {
  DumpPlan plan;
  TRY(check_server_for(to, plan));
  DumpSurvey survey(options.without_oplog, TRY(folder_of_one(options.place())));
  TRY(visit_dump(options.place(), survey, context));
  plan.head = survey.told();
  plan.database = TRY(choose_database(survey, options.database));
  plan.views.database = plan.database;
  for (const auto& [name, found] : survey.databases().at(plan.database))
    TRY(take_found(name, found, plan));
  for (const auto& [name, collections] : survey.databases())
    if (name != plan.database)
      plan.findings.push_back(
          {"database-left-out", name, "is another database of the dump", false});
  TRY(take_log(survey, options, plan));
  TRY(check_dump_losses(options, plan));
  return plan;
}

Result<DumpReport> restore_dump(const Location& to, const DumpPlan& plan,
                                const DumpOptions& options, const RunContext& context) {
  return DumpRestore(to, plan, context).run(options);
}

}  // namespace lifeboat::exchange::mongodump
