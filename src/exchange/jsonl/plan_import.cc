#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/losses.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/offered.h"
#include "engine/mongodb/recreate.h"
#include "exchange/counterpart.h"
#include "exchange/jsonl/import.h"
#include "exchange/jsonl/metadata.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::Catalog;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::DocumentView;
using engine::mongodb::Feature;
using engine::mongodb::Location;

constexpr std::size_t kLargestMetadata = 64U << 20U;
constexpr std::string_view kProfile = "system.profile";
constexpr std::string_view kFunctions = "system.js";  // the one that applications fill

bool is_of_the_server(std::string_view name) { return name.starts_with("system."); }

bool has_unique_index(const Collection& collection) {
  return std::ranges::any_of(collection.indexes, [](const Bytes& each) {
    const auto index = engine::mongodb::view_document(each);
    return index.text_at("name") != "_id_" && index.is_true_at("unique");
  });
}

class Planning {
 public:
  Planning(const Location& to, const ImportOptions& options, const RunContext& context)
      : to_(to), options_(options), context_(context) {}

  Result<ImportPlan> run() {
    TRY(look_at_server());
    plan_.archive = TRY(open_archive(options_.archive, options_.unpack_into, context_));
    plan_.findings = plan_.archive.findings;
    TRY(read_metadata());
    TRY(read_views());
    TRY(take_files());
    TRY(order_views());
    TRY(survey());
    make_sets();
    TRY(look_at_existing_views());
    TRY(check_losses());
    note_indexes();
    return std::move(plan_);
  }

 private:
  Result<void> look_at_server();
  Result<void> read_metadata();
  Result<void> read_views();
  Result<void> take_files();
  Result<void> check_all_are_here(const std::vector<NamedFile>& files);
  Result<void> check_not_of_the_server(const NamedFile& file) const;
  void leave_out_buckets(const std::vector<NamedFile>& files);
  Result<void> take_collection(const NamedFile& file);
  Result<void> decide_time_series(PlannedCollection& planned);
  Result<void> look_at_existing(PlannedCollection& planned);
  Result<void> check_kind(const PlannedCollection& planned, const Collection& there) const;
  Result<void> look_at_existing_views();
  Result<void> order_views();
  Result<void> survey();
  Result<void> survey_one(PlannedCollection& planned);
  Result<void> check_losses();
  void make_sets();
  void note_indexes();
  void note_held_off(const Collection& there);
  void find(const std::string& code, const std::string& subject, const std::string& message) {
    plan_.findings.push_back({code, subject, message, false});
  }
  const Collection* existing(const std::string& name) const;
  fs::path path_of(const NamedFile& file) const {
    return plan_.archive.folder / (file.stem + std::string(kLinesSuffix));
  }
  std::string object(const std::string& name) const { return plan_.database + "." + name; }

  const Location& to_;
  const ImportOptions& options_;
  const RunContext& context_;
  ImportPlan plan_;
  OptionsByName known_;
  OptionsByName views_;
  std::set<std::string> buckets_;
  std::set<Feature> offered_;
  std::vector<Finding> missing_;  // collections that the metadata names alone
  std::string uncertain_;         // names that a script may have altered
  std::string added_to_;          // collections that hold documents
};

Result<void> Planning::look_at_server() {
  plan_.database = to_.database;
  plan_.server = to_.server->address();
  auto there = TRY(ask_to_fill(to_));
  plan_.product = there.server.product();
  offered_ = engine::mongodb::offered_by(there.server);
  plan_.before = std::move(there.catalog);
  plan_.is_empty = plan_.before.collections.empty();
  return {};
}

Result<void> Planning::read_metadata() {
  if (!plan_.archive.has_metadata) {
    find("metadata-missing", std::string(kMetadataFile),
         "the archive has none: options of collections, such as validators, are not known");
    return {};
  }
  const auto text = TRY(read_file(plan_.archive.folder / kMetadataFile, kLargestMetadata));
  known_ = TRY_CONTEXT(std::string(kMetadataFile), decode_options(to_text(text)));
  for (const auto& [name, options] : known_)
    if (engine::mongodb::view_document(options).find("viewOn")) views_[name] = options;
  return {};
}

// The metadata tells the same; where both do, they must agree.
Result<void> Planning::read_views() {
  auto& stems = plan_.archive.stems;
  const auto at = std::ranges::find(stems, kViewsCollection);
  if (at == stems.end()) return {};
  const auto visit = [&](DocumentView line, bool) -> Result<void> {
    auto view = TRY(view_of_line(line));
    const auto [known, is_new] = views_.emplace(view.name, view.options);
    if (!is_new && sorted_by_field(engine::mongodb::view_document(known->second)) !=
                       sorted_by_field(engine::mongodb::view_document(view.options)))
      find("view-told-twice", view.name, "its options and its line differ: the options are taken");
    return {};
  };
  TRY_CONTEXT(*at, read_lines(path_of({*at, "", "", false}), visit, context_));
  stems.erase(at);
  return {};
}

Result<void> Planning::take_files() {
  std::set<std::string> names;
  for (const auto& [name, options] : known_) names.insert(name);
  const auto files = TRY(name_files(plan_.archive.stems, names, options_.renames));
  TRY(check_all_are_here(files));
  leave_out_buckets(files);
  for (const auto& file : files) {
    if (file.original.starts_with(kBucketsPrefix) || file.original == kProfile) continue;
    TRY(check_not_of_the_server(file));
    if (views_.contains(file.original))
      find("view-documents", file.name, "it is a view: its lines are not inserted");
    else
      TRY_CONTEXT(file.name, take_collection(file));
  }
  if (!uncertain_.empty())
    find("names-uncertain", uncertain_,
         "the scripts write '_' for a space or separator, and the metadata does not tell: give "
         "--rename FILE=NAME where it was another");
  for (const auto& bucket : buckets_)
    if (std::ranges::none_of(plan_.collections,
                             [&](const auto& each) { return each.file.original == bucket; }))
      return refuse_to_import("the archive holds the buckets of " + bucket +
                                  ", and not its documents: it would be lost",
                              "Take another archive, or one that holds " + bucket + ".jsonl.");
  return {};
}

// The scripts go on after a collection that they could not read: of it the metadata is all there
// is, and what is in the database under its name would be dropped.
Result<void> Planning::check_all_are_here(const std::vector<NamedFile>& files) {
  std::string missing;
  for (const auto& [name, options] : known_) {
    const bool is_here = views_.contains(name) || is_of_the_server(name) ||
                         std::ranges::count(files, name, &NamedFile::original) != 0;
    if (is_here) continue;
    missing += (missing.empty() ? "" : ", ") + name;
    missing_.push_back({"collection-missing", object(name),
                        "the archive names it and has no file of it: its documents are lost",
                        false});
  }
  if (missing.empty() || options_.accept_losses) return {};
  return fail(Error(Code::corrupt, std::string(kMetadataFile) + " names " + missing +
                                       ", and the archive has no file of it")
                  .with_hint("Nothing was changed. Whoever made the archive did not finish: take "
                             "another one, name its file with --rename, or give --accept-losses, "
                             "which drops it from the database too."));
}

// The server would take no documents for them, after other collections had been dropped.
Result<void> Planning::check_not_of_the_server(const NamedFile& file) const {
  for (const auto& name : {file.original, file.name})
    if (is_of_the_server(name) && name != kFunctions)
      return refuse_to_import(name + " is the server's own: nothing can be inserted",
                              "Nothing was changed. Take " + file.stem +
                                  ".jsonl out of the archive, or give --rename.");
  return {};
}

void Planning::leave_out_buckets(const std::vector<NamedFile>& files) {
  for (const auto& file : files) {
    if (file.original == kProfile)
      find("profile-left-out", file.original,
           "what the server's profiler wrote down is not inserted: it is the server's own");
    if (!file.original.starts_with(kBucketsPrefix)) continue;
    buckets_.insert(file.original.substr(kBucketsPrefix.size()));
    find("buckets-left-out", file.original,
         "buckets are not inserted: the server makes them of the documents");
  }
}

Result<void> Planning::take_collection(const NamedFile& file) {
  PlannedCollection planned;
  planned.file = file;
  const auto options = known_.find(file.original);
  const auto nothing = engine::mongodb::DocumentBuilder().take();
  planned.wanted =
      TRY(collection_with(file.name, options == known_.end() ? nothing : options->second));
  if (file.uncertain) uncertain_ += (uncertain_.empty() ? "" : ", ") + file.name;
  plan_.collections.push_back(std::move(planned));
  return {};
}

Result<void> Planning::order_views() {
  Catalog catalog{to_.database, {}};
  for (const auto& [name, options] : views_)
    catalog.collections.push_back(TRY(collection_with(name, options)));
  for (const auto* view : TRY(engine::mongodb::views_in_order(catalog)))
    plan_.views.push_back(*view);
  return {};
}

Result<void> Planning::survey() {
  context_.progress.stage("reading the archive", plan_.archive.bytes);
  for (auto& each : plan_.collections) TRY_CONTEXT(each.file.name, survey_one(each));
  if (!added_to_.empty())
    find("adds-to", added_to_,
         "documents that are there stay: with --replace-existing it would be as in the archive");
  return {};
}

Result<void> Planning::survey_one(PlannedCollection& planned) {
  planned.survey = TRY(survey_lines(path_of(planned.file), options_.sample, context_));
  if (planned.survey.without_id != 0)
    find("documents-without-id", planned.file.name,
         fmt::format("{} documents have no _id: the server gives them one, so the digest cannot "
                     "be compared",
                     planned.survey.without_id));
  TRY(decide_time_series(planned));
  return look_at_existing(planned);
}

// Only for archives that are older than the metadata; an ordinary collection that is there is
// never converted.
Result<void> Planning::decide_time_series(PlannedCollection& planned) {
  const auto& name = planned.file.name;
  if (plan_.archive.has_metadata || !options_.infer_time_series) return {};
  const auto inferred =
      infer_time_series(planned.survey.shares, buckets_.contains(planned.file.original));
  if (!inferred) return {};
  const std::string hint = "Give --no-infer-timeseries for an ordinary collection.";
  const auto* there = existing(name);
  if (there != nullptr && has_unique_index(*there))
    return refuse_to_import(name + " would be a time series (" + inferred->grounds +
                                "), and has a unique index in the database, which none can have",
                            hint);
  if (planned.survey.without_time != 0)
    return refuse_to_import(
        fmt::format("{} would be a time series ({}), and {} of its documents have no date `ts`",
                    name, inferred->grounds, planned.survey.without_time),
        hint);
  planned.wanted = TRY(collection_with(name, inferred->options));
  planned.grounds = inferred->grounds;
  find(inferred->is_certain ? "time-series-inferred" : "time-series-doubtful", name,
       "is taken for a time series: " + inferred->grounds);
  return {};
}

Result<void> Planning::look_at_existing(PlannedCollection& planned) {
  const auto* there = existing(planned.file.name);
  planned.exists = there != nullptr;
  planned.is_dropped_first = planned.exists && options_.replace_existing;
  if (!planned.exists || planned.is_dropped_first) return {};
  TRY(check_kind(planned, *there));
  if (planned.is_time_series() && there->kind != CollectionKind::time_series)
    find("stays-ordinary", planned.file.name,
         "is an ordinary collection in the database and stays one: --replace-existing makes it a "
         "time series");
  planned.wanted = *there;
  planned.grounds.clear();
  auto scan = TRY(engine::mongodb::CollectionScan::begin(*to_.server, to_.database, *there));
  planned.adds_to = !TRY(scan.next()).empty();
  if (planned.adds_to) added_to_ += (added_to_.empty() ? "" : ", ") + planned.file.name;
  return {};
}

Result<void> Planning::check_kind(const PlannedCollection& planned, const Collection& there) const {
  if (there.kind != CollectionKind::view) return {};
  return refuse_to_import(planned.file.name + " is a view in the database: nothing can be inserted",
                          "With --replace-existing it is dropped and made anew.");
}

// One that is there and the same needs nothing.
Result<void> Planning::look_at_existing_views() {
  std::vector<Collection> made;
  for (auto& view : plan_.views) {
    const auto* there = existing(view.name);
    const bool is_same =
        there != nullptr && there->kind == CollectionKind::view &&
        sorted_by_field(there->options()) == engine::mongodb::sorted_by_field(view.options());
    if (there != nullptr && !is_same && !options_.replace_existing)
      return refuse_to_import("the view " + view.name + " is there and is another",
                              "With --replace-existing it is dropped and made anew.");
    if (!is_same) made.push_back(std::move(view));
  }
  plan_.views = std::move(made);
  return {};
}

// Every loss is named before anything is changed.
Result<void> Planning::check_losses() {
  Catalog needed{to_.database, plan_.views};
  for (const auto& each : plan_.collections)
    if (each.is_made()) needed.collections.push_back(each.wanted);
  plan_.losses = engine::mongodb::lost_features(needed, offered_);
  if (plan_.losses.empty()) {
    plan_.losses = missing_;
    return {};
  }
  if (!options_.accept_losses)
    return engine::refuse_losses(
        plan_.losses, plan_.product + " cannot do what the archive needs",
        "Nothing was changed. Restore to a server that can, give --no-infer-timeseries for what "
        "was only inferred, or --accept-losses.");
  for (auto& each : plan_.collections) {
    const bool was_inferred = !each.grounds.empty();
    each.wanted = engine::mongodb::without_lost(each.wanted, offered_);
    if (was_inferred && !each.is_time_series()) each.grounds.clear();
  }
  if (!offered_.contains(Feature::view)) plan_.views.clear();
  std::ranges::copy(missing_, std::back_inserter(plan_.losses));
  return {};
}

void Planning::make_sets() {
  std::set<std::string> in_archive;
  for (const auto& each : plan_.collections) {
    in_archive.insert(each.file.name);
    plan_.restore.push_back(each.file.name);
    if (!each.exists) plan_.create.push_back(each.file.name);
  }
  for (const auto& view : plan_.views) {
    in_archive.insert(view.name);
    plan_.restore.push_back(view.name);
    if (existing(view.name) == nullptr) plan_.create.push_back(view.name);
  }
  for (const auto& each : plan_.before.collections)
    if (!in_archive.contains(each.name) && !is_of_the_server(each.name))
      plan_.drop.push_back(each.name);
}

// The format has no indexes at all; those of a collection that is replaced are made again.
void Planning::note_indexes() {
  const auto note = [&](const std::string& name, const char* code, const std::string& message) {
    const auto* there = existing(name);
    const auto names = there == nullptr ? std::string() : index_names(*there);
    if (!names.empty()) find(code, name, message + names);
  };
  for (const auto& name : plan_.drop) note(name, "indexes-lost", "its indexes go with it: ");
  for (const auto& each : plan_.collections) {
    if (each.exists) note_held_off(*existing(each.file.name));
    if (each.keeps_indexes())
      note(each.file.name, "indexes-kept", "the indexes it has are made again: ");
    else if (each.is_dropped_first)
      note(each.file.name, "indexes-lost", "its indexes go with it: ");
  }
  if (!plan_.create.empty())
    find("indexes-not-in-format", plan_.database,
         "JSON lines hold no indexes: those of collections that are created must be made by the "
         "application");
}

// It is kept as it is: what it was before is not known.
void Planning::note_held_off(const Collection& there) {
  for (const auto& each : there.indexes) {
    const auto index = engine::mongodb::view_document(each);
    if (engine::mongodb::is_held_off(index))
      find("expiry-held-off", there.name,
           fmt::format("its index {} lets documents expire after 68 years, as an import or restore "
                       "leaves it that was interrupted: set expireAfterSeconds to what it was",
                       index.text_at("name").value_or("")));
  }
}

const Collection* Planning::existing(const std::string& name) const {
  const auto& all = plan_.before.collections;
  const auto found = std::ranges::find(all, name, &Collection::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::uint64_t ImportPlan::documents() const {
  std::uint64_t all = 0;
  for (const auto& each : collections) all += each.survey.sum.count;
  return all;
}

Result<void> take_catalog(ImportPlan& plan, Catalog fresh) {
  const auto names = [](const Catalog& catalog) {
    std::set<std::string> all;
    for (const auto& each : catalog.collections) all.insert(each.name);
    return all;
  };
  if (names(plan.before) != names(fresh))
    return fail(Error(Code::source_changed, "collections came or went since the import was planned")
                    .with_hint("Nothing was imported. Run the import again."));
  plan.before = std::move(fresh);
  for (auto& each : plan.collections)
    if (!each.is_made())
      each.wanted = *std::ranges::find(plan.before.collections, each.file.name, &Collection::name);
  return {};
}

Result<ImportPlan> plan_import(const Location& to, const ImportOptions& options,
                               const RunContext& context) {
  return Planning(to, options, context).run();
}

}  // namespace lifeboat::exchange::jsonl
