#include "engine/mongodb/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "engine/mongodb/accounts.h"
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/log_replay.h"
#include "engine/mongodb/metadata.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/recreate.h"
#include "engine/mongodb/renaming.h"
#include "engine/mongodb/restored_series.h"
#include "engine/mongodb/sharding.h"
#include "engine/mongodb/sink.h"
#include "engine/mongodb/validators_aside.h"

namespace lifeboat::engine::mongodb {
namespace {

class MongoTarget final : public Target {
 public:
  explicit MongoTarget(TargetOptions options) : options_(std::move(options)) {}

  ~MongoTarget() override;

  Result<void> prepare(const RunContext& context) override;
  Result<std::unique_ptr<Sink>> create(const EntryInfo& entry) override;
  Result<TargetReport> finish(const RunContext& context) override;
  bool wants_order() const override { return true; }
  Result<void> replay(ByteView piece, const RunContext& context) override;

 private:
  Result<std::unique_ptr<Sink>> keep_log();
  KeepTwice keep_twice(const std::string& name);
  Result<void> begin_replay(const RunContext& context);
  Result<void> end_replay(TargetReport& report);
  Result<void> bring_accounts();
  Finding cut() const;
  std::map<std::string, std::string> series_from_documents() const;
  Result<void> say_what_to_expect(TargetReport& report, const RunContext& context) const;
  Catalog restored() const;
  Result<void> make_collection(const Collection& collection);
  bool takes_buckets() const { return offered_.contains(Feature::time_series_buckets); }
  Result<std::unique_ptr<Sink>> create_series(const Collection& series);
  Result<std::unique_ptr<Sink>> create_from_measurements(const Collection& series);
  Failure refuse_series(const std::string& name) const;
  Result<void> keep_catalog(Bytes bytes);
  Result<void> keep_accounts(ByteView bytes);
  Result<void> run(const std::string& what, ByteView command) const;
  Result<void> drop(const std::string& name);
  Result<void> make_all_indexes(const Collection& collection) const;
  Result<void> make_views();
  Result<void> count_violators(const std::vector<Bytes>& back, TargetReport& report,
                               const RunContext& context) const;
  Result<void> drop_strangers();
  Result<void> make_room_for_log();
  Result<std::vector<Finding>> compare() const;

  TargetOptions options_;
  Location location_;
  std::set<std::string> present_;  // what was there before
  std::mutex mutex_;               // create() runs in several threads
  std::vector<Collection> made_;
  std::map<std::string, DocumentSum> twice_;  // given once more than they are there
  std::vector<std::string> as_documents_;     // of those made: time series
  std::optional<Catalog> catalog_;            // none where only some objects are restored
  std::optional<Json> renamed_facts_;         // where all of it is restored under other names
  std::optional<Accounts> accounts_;
  std::set<Feature> offered_;  // by the server, of what the snapshot holds
  std::string too_old_;        // for the snapshot's buckets: why; empty where it is not
  std::vector<Finding> lost_;
  std::vector<Finding> accounts_met_;
  std::optional<ValidatorsAside> validators_;
  std::vector<Finding> recovered_;  // of what an interrupted run had left aside
  std::unique_ptr<KeptWindow> window_;
  std::unique_ptr<LogReplay> replay_;
};

std::string recorded_product(const TargetOptions& options) {
  return options.facts ? product_in(*options.facts) : std::string();
}

Failure refuse(std::string message, std::string hint) {
  return Failure(Error(Code::refused, std::move(message)).with_hint(std::move(hint)));
}

// A restore that failed leaves no validator aside; what does not go back stays in the journal.
MongoTarget::~MongoTarget() {
  if (validators_ && validators_->any()) static_cast<void>(validators_->put_back());
}

Result<void> MongoTarget::prepare(const RunContext& context) {
  TRY(context.check_stop());
  location_ = TRY(locate(options_.place));
  const auto connection = location_.server->connect();
  const auto server = TRY(ask_server(connection));
  TRY(check_server(server));
  offered_ = offered_by(server);
  validators_.emplace(location_, TRY(validators_journal(options_.state, location_)));
  for (const auto& each : TRY(read_catalog(connection, location_.database)).collections)
    present_.insert(each.name);
  if (!present_.empty() && !options_.overwrite)
    return refuse(location_.describe() + " is not empty: it has " + *present_.begin(),
                  "Name a database that is not there yet, or allow this one to be overwritten.");
  if (!options_.delete_strangers) TRY(check_free(present_, options_.renames));
  if (takes_buckets())
    too_old_ = why_too_old(recorded_product(options_), location_.describe(), server);
  if (!too_old_.empty()) offered_.erase(Feature::time_series_buckets);
  recovered_ = TRY(validators_->recover());
  return {};
}

Result<std::unique_ptr<Sink>> MongoTarget::create(const EntryInfo& entry) {
  auto metadata = TRY_CONTEXT("entry " + entry.path, decode_metadata(entry.metadata));
  if (metadata.has_collection() && !options_.renames.empty())
    metadata.collection = TRY(renamed_collection(metadata.collection, options_.renames));
  if (metadata.kind == Metadata::Kind::catalog)
    return make_catalog_sink([this](Bytes bytes) { return keep_catalog(std::move(bytes)); });
  if (metadata.kind == Metadata::Kind::log) return keep_log();
  if (metadata.kind == Metadata::Kind::accounts)
    return make_catalog_sink([this](Bytes bytes) { return keep_accounts(bytes); });
  if (metadata.kind == Metadata::Kind::buckets)
    return TRY_CONTEXT(metadata.collection.name, create_series(metadata.collection));
  if (metadata.kind == Metadata::Kind::measurements)
    return TRY_CONTEXT(metadata.collection.name, create_from_measurements(metadata.collection));
  TRY_CONTEXT(metadata.collection.name, make_collection(metadata.collection));
  return make_documents_sink(location_, metadata.collection.name,
                             keep_twice(metadata.collection.name));
}

Failure MongoTarget::refuse_series(const std::string& name) const {
  if (!too_old_.empty())
    return refuse("the buckets of the time series " + name + too_old_,
                  "Restore to a server of that version or a later one, restore others alone, or "
                  "leave it out (--accept-losses). What a source with `time_series: documents` "
                  "backs up has no such bounds.");
  return refuse("this server takes no buckets of a time series, which is what the snapshot holds",
                "Restore to MongoDB 5.0 to 8.2, or leave it out (--accept-losses).");
}

// What the server cannot have of it was accepted as lost; a plan does not name those that are too
// new for it.
Result<std::unique_ptr<Sink>> MongoTarget::create_series(const Collection& series) {
  if (!takes_buckets() && !options_.accept_losses) return refuse_series(series.name);
  if (!takes_buckets()) {
    const std::scoped_lock lock(mutex_);
    if (!too_old_.empty())
      lost_.push_back({"series-left-out", series.name, "its buckets" + too_old_, false});
    return make_lost_sink();
  }
  TRY(make_collection(series));
  TRY(run("its indexes", without_own_indexes_command(series)));
  return make_documents_sink(location_, series.stored_name(), {});
}

// Any server that has time series takes those; one that has none was accepted as keeping them in an
// ordinary collection, or refuses the option.
Result<std::unique_ptr<Sink>> MongoTarget::create_from_measurements(const Collection& series) {
  TRY(make_collection(series));
  if (offered_.contains(Feature::time_series)) {
    TRY(run("its indexes", without_own_indexes_command(series)));
    const std::scoped_lock lock(mutex_);
    as_documents_.push_back(series.name);
  }
  return make_documents_sink(location_, series.name, {});
}

// Only FerretDB gives a document twice: elsewhere one that is there already is somebody else's.
KeepTwice MongoTarget::keep_twice(const std::string& name) {
  if (!recorded_product(options_).starts_with("FerretDB")) return {};
  return [this, name](const DocumentSum& twice) {
    const std::scoped_lock lock(mutex_);
    twice_[name].add(twice);
  };
}

Result<void> MongoTarget::make_collection(const Collection& collection) {
  const std::scoped_lock lock(mutex_);
  for (const auto& each : made_)
    if (each.name == collection.name) return fail(Code::corrupt, "the snapshot holds it twice");
  if (present_.contains(collection.name)) TRY(drop(collection.name));
  auto made = options_.accept_losses ? without_lost(collection, offered_) : collection;
  TRY(validators_->set_aside({}, {&made}));
  TRY(run("making it", TRY(create_command(made, Validators::set_aside))));
  TRY(validators_->identify(made.name));
  made_.push_back(std::move(made));
  return {};
}

Result<void> MongoTarget::keep_catalog(Bytes bytes) {
  auto catalog = TRY(decode_catalog(bytes));
  // Where all is restored, it is refused before anything is made.
  if (!too_old_.empty() && !options_.accept_losses)
    for (const auto& each : catalog.collections)
      if (each.has_buckets()) return refuse_series(each.name);
  if (!options_.renames.empty()) catalog = TRY(renamed_catalog(catalog, options_.renames));
  const std::scoped_lock lock(mutex_);
  if (catalog_) return fail(Code::corrupt, "the snapshot holds the catalog twice");
  if (options_.facts && !options_.renames.empty())
    renamed_facts_ = TRY(renamed_facts(*options_.facts, catalog, options_.renames));
  catalog_ = std::move(catalog);
  return {};
}

// What cannot be read is damage, whether it is wanted or not.
Result<void> MongoTarget::keep_accounts(ByteView bytes) {
  auto accounts = renamed_accounts(TRY(decode_accounts(bytes, location_.database)),
                                   location_.database, options_.renames);
  const std::scoped_lock lock(mutex_);
  accounts_ = std::move(accounts);
  return {};
}

Result<std::unique_ptr<Sink>> MongoTarget::keep_log() {
  const std::scoped_lock lock(mutex_);
  if (window_) return fail(Code::corrupt, "the snapshot holds its log twice");
  window_ = TRY(KeptWindow::make());
  return make_log_sink(*window_);
}

// What the log is replayed onto: the collections that are here, and the views that will be.
Catalog MongoTarget::restored() const {
  Catalog catalog{location_.database, made_};
  if (!catalog_) return catalog;
  for (const auto& each : catalog_->collections)
    if (each.kind == CollectionKind::view) catalog.collections.push_back(each);
  std::ranges::sort(catalog.collections, {}, &Collection::name);
  return catalog;
}

// After the documents and before the log, as mongorestore does it.
Result<void> MongoTarget::bring_accounts() {
  const auto accounts = std::exchange(accounts_, std::nullopt);
  if (options_.with_users && accounts) accounts_met_ = TRY(restore_accounts(location_, *accounts));
  return {};
}

// A window that is not complete was not to be had: the snapshot says that it is of no one moment.
Result<void> MongoTarget::begin_replay(const RunContext& context) {
  TRY(bring_accounts());
  if (replay_ || !window_ || !window_->end().complete) return {};
  TRY(make_room_for_log());
  ReplayRequest request{location_, *validators_, restored(), timestamp_of(options_.until),
                        !catalog_};
  if (options_.accept_losses) request.offered = offered_;
  request.renames = options_.renames;
  replay_ = std::make_unique<LogReplay>(std::move(request), window_->end());
  TRY_CONTEXT("the log of the snapshot", replay_->replay_window(*window_, context));
  return {};
}

// What the log makes must not meet what was here before under the same name.
Result<void> MongoTarget::make_room_for_log() {
  if (!catalog_) return {};
  if (options_.delete_strangers) return drop_strangers();
  for (const auto& view : catalog_->collections)
    if (view.kind == CollectionKind::view && present_.contains(view.name)) TRY(drop(view.name));
  if (options_.until == 0 || present_.empty()) return {};
  return refuse(location_.describe() + " has " + *present_.begin() +
                    ", which the snapshot has not, and the log may make it",
                "Restore into an empty database, or let what the snapshot does not have be removed "
                "(--delete).");
}

Result<void> MongoTarget::replay(ByteView piece, const RunContext& context) {
  TRY(begin_replay(context));
  if (!replay_) return fail(Code::not_restorable, "the snapshot is of no one moment");
  return replay_->replay_piece(piece, context);
}

// The catalog is now what the log made of it.
Result<void> MongoTarget::end_replay(TargetReport& report) {
  if (!replay_) return {};
  TRY(replay_->finish());
  made_.clear();
  Catalog views{location_.database, {}};
  for (const auto& each : replay_->catalog().collections)
    (each.kind == CollectionKind::view ? views.collections : made_).push_back(each);
  if (catalog_) catalog_ = std::move(views);
  report.applied = replay_->applied();
  if (replay_->last()) report.last_applied = moment_text(replay_->last()->ts);
  if (options_.until != 0 && replay_->left_open() > 0) report.findings.push_back(cut());
  return {};
}

// Who asks for a moment may mean one with the transaction, or one before it.
Finding MongoTarget::cut() const {
  return {"transaction-cut", location_.database,
          fmt::format("{} of the transactions that had begun by {} were not over then: nothing of "
                      "them is here",
                      replay_->left_open(), moment_text(timestamp_of(options_.until))),
          false};
}

// By their names, with those that the facts have: only the facts of a whole are renamed.
std::map<std::string, std::string> MongoTarget::series_from_documents() const {
  std::map<std::string, std::string> series;
  for (const auto& name : as_documents_) {
    const auto from = std::ranges::find(options_.renames, name, &Renames::value_type::second);
    const bool is_as_recorded = renamed_facts_ || from == options_.renames.end();
    series.emplace(name, is_as_recorded ? name : from->first);
  }
  return series;
}

// Nothing else than the snapshot recorded, where nothing was replayed, came twice or has another
// name.
Result<void> MongoTarget::say_what_to_expect(TargetReport& report,
                                             const RunContext& context) const {
  for (const auto& [name, sum] : twice_)
    report.findings.push_back(
        {"document-met-twice", name,
         fmt::format("{} of its documents were deleted and made again while it was copied, or the "
                     "server gave them twice: the later one is here",
                     sum.count),
         false});
  if (!options_.facts) return {};
  const auto recorded = TRY(facts_of_series(location_, series_from_documents(),
                                            renamed_facts_.value_or(*options_.facts), context));
  const bool is_part = replay_ ? replay_->is_part() : !catalog_;
  const bool is_recorded = !renamed_facts_ && twice_.empty() && recorded == *options_.facts;
  if (is_part || (!replay_ && is_recorded)) return {};
  auto facts = TRY(facts_without(recorded, twice_));
  report.facts = replay_ ? TRY(replay_->expected(facts)) : std::move(facts);
  return {};
}

Result<void> MongoTarget::run(const std::string& what, ByteView command) const {
  TRY_CONTEXT(what, location_.server->connect().command(location_.database, command));
  return {};
}

Result<void> MongoTarget::drop(const std::string& name) {
  TRY(run("dropping what is there", DocumentBuilder().text("drop", name).take()));
  present_.erase(name);
  return {};
}

Result<TargetReport> MongoTarget::finish(const RunContext& context) {
  TargetReport report;
  report.findings = recovered_;
  report.findings.insert(report.findings.end(), lost_.begin(), lost_.end());
  TRY(begin_replay(context));
  TRY(end_replay(report));
  TRY(say_what_to_expect(report, context));
  const auto back = TRY(validators_->put_back());
  for (const auto& collection : made_) {
    TRY(context.check_stop());
    TRY_CONTEXT(collection.name, make_all_indexes(collection));
  }
  if (catalog_) TRY(make_views());
  if (options_.delete_strangers) TRY(drop_strangers());
  report.findings.insert(report.findings.end(), accounts_met_.begin(), accounts_met_.end());
  for (auto& finding : TRY(compare())) report.findings.push_back(std::move(finding));
  TRY(count_violators(back, report, context));
  return report;
}

// Last, because it reads all documents. What breaks its own rules was so at the source.
Result<void> MongoTarget::count_violators(const std::vector<Bytes>& back, TargetReport& report,
                                          const RunContext& context) const {
  for (const auto& command : back) {
    TRY(context.check_stop());
    auto found = find_violators(location_, view_document(command));
    if (found) report.findings.push_back(std::move(*found));
  }
  return {};
}

Result<void> MongoTarget::make_all_indexes(const Collection& collection) const {
  const auto made = TRY(make_indexes(location_, collection));
  for (const auto& expiry : made.set_expiry) TRY(run("letting documents expire", expiry));
  if (const auto expiry = expiry_command(collection)) TRY(run("its expiry", *expiry));
  return {};
}

Result<void> MongoTarget::make_views() {
  if (options_.accept_losses && !offered_.contains(Feature::view)) return {};
  for (const auto* view : TRY(views_in_order(*catalog_))) {
    if (present_.contains(view->name)) TRY(drop(view->name));
    TRY(run("view " + view->name, TRY(create_command(*view, Validators::kept))));
    made_.push_back(*view);
  }
  return {};
}

Result<void> MongoTarget::drop_strangers() {
  while (!present_.empty()) {
    const auto name = *present_.begin();
    TRY_CONTEXT(name, drop(name));
  }
  return {};
}

// A server may take an option and not keep it.
Result<std::vector<Finding>> MongoTarget::compare() const {
  const auto there = TRY(read_catalog(location_.server->connect(), location_.database));
  std::vector<Finding> findings;
  for (const auto& wanted : made_) {
    const auto found = std::ranges::find(there.collections, wanted.name, &Collection::name);
    if (found == there.collections.end())
      return fail(Code::io_error, wanted.name + " was made and is not there");
    if (replay_ && !replay_->has_known_options(wanted.name)) continue;
    if (fingerprint_of(*found) != fingerprint_of(wanted))
      findings.push_back({"catalog-not-restored", wanted.name,
                          "this server did not keep all of its options and indexes", false});
  }
  return findings;
}

}  // namespace

std::unique_ptr<Target> make_target(const TargetOptions& options) {
  return std::make_unique<MongoTarget>(options);
}

}  // namespace lifeboat::engine::mongodb
