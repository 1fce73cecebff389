#include "exchange/mongodump/import.h"

#include <algorithm>
#include <iterator>

#include "base/counted.h"
#include "engine/losses.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/recreate.h"
#include "exchange/counterpart.h"
#include "exchange/inserting.h"
#include "exchange/mongodump/dump_log.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::Catalog;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::CollectionScan;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentSum;
using engine::mongodb::DocumentView;
using engine::mongodb::Feature;
using engine::mongodb::KeptWindow;
using engine::mongodb::Location;
using engine::mongodb::ServerFacts;
using engine::mongodb::Validators;
using engine::mongodb::ValidatorsAside;

constexpr std::size_t kMostWaiting = 64U << 20U;  // bytes, of all collections of an archive

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

void take_found(const std::string& name, const FoundCollection& found, DumpPlan& plan) {
  const auto& collection = found.collection;
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
    plan.collections.emplace(name, DumpedCollection{collection, found.sum, found.without_id});
  }
}

Result<ServerFacts> ask_empty_server(const Location& to) {
  auto [server, there] = TRY(ask_to_fill(to));
  if (there.collections.empty()) return std::move(server);
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
    const auto& series = survey.series_in_log(plan.database).without_buckets;
    if (!series.empty())
      return refuse_to_import("the log of the dump makes " + series +
                                  ", a time series without buckets of its own, as MongoDB keeps it "
                                  "since 8.3",
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

// All that the dump needs, and what its log makes of time series.
Result<Catalog> needed_by(const DumpPlan& plan, const SeriesInLog& in_log) {
  Catalog needed = plan.views;
  for (const auto& [name, each] : plan.collections) needed.collections.push_back(each.wanted);
  if (!plan.log) return needed;
  for (const auto& name : in_log.names)
    if (!plan.collections.contains(name))
      needed.collections.push_back(TRY(engine::mongodb::check_collection(
          DocumentBuilder()
              .text("name", name)
              .text("type", "timeseries")
              .document(engine::mongodb::kBucketsField, DocumentBuilder().take())
              .take(),
          {})));
  return needed;
}

// Buckets that are too new for a server are none that it takes.
void lose_too_new(const std::string& why, Catalog& needed, DumpPlan& plan) {
  if (why.empty() || !plan.offered.contains(Feature::time_series_buckets)) return;
  plan.offered.erase(Feature::time_series_buckets);
  std::erase_if(needed.collections, [&](const Collection& each) {
    if (each.kind != CollectionKind::time_series) return false;
    plan.losses.push_back(
        {"series-left-out", plan.database + "." + each.name, "its buckets" + why, false});
    return true;
  });
}

// Each loss is named before anything is changed. A time series that is lost is not made at all.
Result<void> take_losses(Catalog needed, const DumpOptions& options, DumpPlan& plan) {
  std::ranges::move(engine::mongodb::lost_with_buckets(needed, plan.offered),
                    std::back_inserter(plan.losses));
  if (!options.accept_losses)
    TRY(engine::refuse_losses(
        plan.losses, plan.product + " cannot do what the dump needs",
        "Nothing was changed. --accept-losses leaves it out, and takes a server "
        "that is older."));
  if (plan.offered.contains(Feature::time_series_buckets)) return {};
  std::erase_if(plan.collections, [](const auto& each) {
    return each.second.wanted.kind == CollectionKind::time_series;
  });
  return {};
}

// The second pass: the documents of one database.
class DumpInsert final : public ArchiveVisitor {
 public:
  DumpInsert(const Location& to, const DumpPlan& plan, KeptWindow* log)
      : to_(to), plan_(plan), log_(log) {}

  Result<void> head(const ArchiveHead&) override { return {}; }
  Result<void> collection(const ArchiveCollection&) override { return {}; }
  Result<void> document(const ArchiveCollection& of, DocumentView document) override {
    if (of.is_log() && log_ != nullptr) return log_->append(document.bytes());
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
    const auto found = plan_.collections.find(engine::mongodb::series_name(about.collection));
    return about.database == plan_.database && found != plan_.collections.end() &&
           found->second.wanted.stored_name() == about.collection;
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
    if (possible.kind == CollectionKind::time_series)
      TRY(command("its indexes", engine::mongodb::without_own_indexes_command(possible)));
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
    auto scan = TRY(CollectionScan::begin(*to_.server, to_.database, wanted, {.stored = true}));
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
  const auto server = TRY(ask_empty_server(to));
  plan.product = server.product();
  plan.offered = engine::mongodb::offered_by(server);
  DumpSurvey survey(options.without_oplog, TRY(folder_of_one(options.place())));
  TRY(visit_dump(options.place(), survey, context));
  plan.head = survey.told();
  plan.database = TRY(choose_database(survey, options.database));
  plan.views.database = plan.database;
  for (const auto& [name, found] : TRY(survey.take_collections(plan.database)))
    take_found(name, found, plan);
  for (const auto& [name, collections] : survey.databases())
    if (name != plan.database)
      plan.findings.push_back(
          {"database-left-out", name, "is another database of the dump", false});
  TRY(take_log(survey, options, plan));
  auto needed = TRY(needed_by(plan, survey.series_in_log(plan.database)));
  const auto dumped = "MongoDB " + plan.head.server_version;  // of a folder nobody knows it
  lose_too_new(engine::mongodb::why_too_old(dumped, to.describe(), server), needed, plan);
  if (auto older = engine::mongodb::older_server(dumped, to.describe(), server);
      older && !options.accept_older)
    plan.losses.push_back(std::move(*older));
  TRY(take_losses(std::move(needed), options, plan));
  return plan;
}

Result<DumpReport> restore_dump(const Location& to, const DumpPlan& plan,
                                const DumpOptions& options, const RunContext& context) {
  return DumpRestore(to, plan, context).run(options);
}

}  // namespace lifeboat::exchange::mongodump
