#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/validators_aside.h"
#include "exchange/inserting.h"
#include "exchange/jsonl/import.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::Collection;
using engine::mongodb::CollectionScan;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;
using engine::mongodb::Location;
using engine::mongodb::Validators;
using engine::mongodb::ValidatorsAside;

// Of a collMod.
std::string expiry_text(DocumentView command) {
  const auto index = command.document_at("index");
  const auto seconds = index.value_or(command).find("expireAfterSeconds");
  const auto of = index ? fmt::format("of index {} ", index->text_at("name").value_or("")) : "";
  return fmt::format("the expiry {}after {} seconds", of,
                     seconds ? seconds->number().value_or(0) : 0);
}

class Importing {
 public:
  Importing(const Location& to, const ImportPlan& plan, const ImportOptions& options,
            const RunContext& context)
      : to_(to),
        plan_(plan),
        options_(options),
        context_(context),
        validators_(to, options.journal) {}

  Result<ImportReport> run();

 private:
  Result<void> check_recovered();
  Result<void> set_validators_aside();
  Result<void> change();
  Result<void> command(const std::string& what, ByteView command) const;
  Result<void> drop(const std::string& name);
  Result<void> take(const PlannedCollection& planned);
  Result<void> insert_all(const PlannedCollection& planned);
  Result<void> finish();
  void make_again(const std::string& what, const std::function<Result<void>()>& make);
  void make_indexes_again();
  void make_index_again(Collection wanted, const Bytes& index);
  Result<void> make_views();
  void let_expire();
  Result<void> verify();
  Result<ImportedCollection> compare(const PlannedCollection& planned) const;
  void count_violators();

  const Location& to_;
  const ImportPlan& plan_;
  const ImportOptions& options_;
  const RunContext& context_;
  ValidatorsAside validators_;
  ImportReport report_;
  std::vector<Bytes> set_expiry_;  // of indexes
  std::vector<Bytes> back_;        // the commands that put validators back
  std::set<std::string> made_;     // collections
  std::optional<Error> first_unmade_;
  std::string unmade_;
};

// Validators, indexes and expiry go back also when the import fails.
Result<ImportReport> Importing::run() {
  report_.findings = plan_.losses;
  TRY(check_recovered());
  auto done = options_.force ? set_validators_aside() : Result<void>{};
  if (done) done = change();
  auto back = validators_.put_back();
  if (back)
    back_ = std::move(*back);
  else if (done)
    done = fail(std::move(back).error());
  make_indexes_again();
  if (done && !first_unmade_) done = finish();
  let_expire();
  if (done && !first_unmade_) return std::move(report_);
  auto error = done ? *first_unmade_ : std::move(done).error();
  if (first_unmade_) error.with_hint("To be made by hand, on the server: " + unmade_ + ".");
  return fail(std::move(error));
}

Result<void> Importing::finish() {
  TRY(make_views());
  return verify();
}

// A server that does not answer is not asked for each of them.
void Importing::make_again(const std::string& what, const std::function<Result<void>()>& make) {
  if (!first_unmade_ || first_unmade_->code() != Code::unavailable) {
    auto made = make();
    if (made) return;
    if (!first_unmade_) first_unmade_ = std::move(made).error();
  }
  unmade_ += (unmade_.empty() ? "" : ", ") + what;
}

// A plan that was made without them would set them aside for good.
Result<void> Importing::check_recovered() {
  if (!TRY(validators_.recover()).empty())
    return fail(
        Error(Code::refused, "validators that an interrupted run had set aside are back only now")
            .with_hint("Nothing else was changed. Plan the import again."));
  std::ranges::copy(plan_.recovered, std::back_inserter(report_.findings));
  return {};
}

Result<void> Importing::set_validators_aside() {
  std::vector<const Collection*> there;
  std::vector<const Collection*> made;
  for (const auto& each : plan_.collections)
    (each.is_made() ? made : there).push_back(&each.wanted);
  return validators_.set_aside(there, made);
}

Result<void> Importing::change() {
  for (const auto& name : plan_.drop) TRY_CONTEXT(name, drop(name));
  context_.progress.stage("inserting", plan_.archive.bytes);
  for (const auto& each : plan_.collections) {
    TRY(context_.check_stop());
    TRY_CONTEXT(each.file.name, take(each));
  }
  return {};
}

Result<void> Importing::command(const std::string& what, ByteView command) const {
  auto reply = to_.server->connect().command(to_.database, command);
  if (reply) return {};
  auto error = std::move(reply).error();
  error.add_context(what);
  return fail(std::move(error));
}

Result<void> Importing::drop(const std::string& name) {
  TRY(command("dropping it", DocumentBuilder().text("drop", name).take()));
  report_.dropped.push_back(name);
  return {};
}

Result<void> Importing::take(const PlannedCollection& planned) {
  if (planned.is_dropped_first) TRY(drop(planned.file.name));
  const auto validators = options_.force ? Validators::set_aside : Validators::kept;
  if (planned.is_made()) {
    TRY(command("making it", TRY(engine::mongodb::create_command(planned.wanted, validators))));
    TRY(validators_.identify(planned.file.name));
    made_.insert(planned.file.name);
  }
  return insert_all(planned);
}

Result<void> Importing::insert_all(const PlannedCollection& planned) {
  Inserting inserting(to_, {planned.file.name, options_.batch_size, planned.adds_to});
  const auto file = plan_.archive.folder / (planned.file.stem + std::string(kLinesSuffix));
  std::optional<Error> refused;  // of a whole batch, not of the line that was read meanwhile
  const auto visit = [&](DocumentView document, bool) {
    auto added = inserting.add(document.bytes());
    if (!added) refused = added.error();
    return added;
  };
  auto read = read_lines(file, visit, context_);
  if (refused) return fail(*refused);
  TRY(std::move(read));
  TRY(inserting.flush());
  report_.inserted += inserting.inserted();
  if (inserting.present() != 0)
    report_.findings.push_back(
        {"documents-present", planned.file.name,
         fmt::format("{} documents were there already and stayed as they were",
                     inserting.present()),
         false});
  return {};
}

// The archive says nothing of indexes: without them a collection would take duplicates that it
// refused before. Of a collection that was dropped and could not be made they are only named.
void Importing::make_indexes_again() {
  for (const auto& each : plan_.collections) {
    const auto& name = each.file.name;
    if (!each.keeps_indexes() || std::ranges::count(report_.dropped, name) == 0) continue;
    const auto there = std::ranges::find(plan_.before.collections, name, &Collection::name);
    if (there == plan_.before.collections.end()) continue;
    for (const auto& index : there->indexes) make_index_again(each.wanted, index);
  }
}

void Importing::make_index_again(Collection wanted, const Bytes& index) {
  const auto index_name = engine::mongodb::view_document(index).text_at("name").value_or("");
  if (index_name == "_id_") return;
  wanted.indexes = {index};
  make_again(fmt::format("{}: index {}", wanted.name, index_name), [&]() -> Result<void> {
    if (!made_.contains(wanted.name)) return fail(Code::not_found, wanted.name + " is not there");
    auto made = TRY_CONTEXT(wanted.name, make_indexes(to_, wanted));
    std::ranges::move(made.set_expiry, std::back_inserter(set_expiry_));
    return {};
  });
}

Result<void> Importing::make_views() {
  for (const auto& view : plan_.views) {
    const bool is_there = std::ranges::any_of(
        plan_.before.collections, [&](const auto& each) { return each.name == view.name; });
    if (is_there) TRY_CONTEXT(view.name, drop(view.name));
    TRY_CONTEXT(view.name, command("making the view",
                                   TRY(engine::mongodb::create_command(view, Validators::kept))));
    report_.views.push_back(view.name);
  }
  return {};
}

Result<void> Importing::verify() {
  context_.progress.stage("verifying", 0);
  for (const auto& each : plan_.collections) {
    TRY(context_.check_stop());
    report_.collections.push_back(TRY_CONTEXT(each.file.name, compare(each)));
  }
  count_violators();
  return {};
}

Result<ImportedCollection> Importing::compare(const PlannedCollection& planned) const {
  const auto& survey = planned.survey;
  auto scan = TRY(CollectionScan::begin(*to_.server, to_.database, planned.wanted));
  for (auto bytes = TRY(scan.next()); !bytes.empty(); bytes = TRY(scan.next())) {
    TRY(context_.check_stop());
    context_.progress.advance(bytes.size(), 1);
  }
  const auto there = scan.finish().sum;
  const auto& wanted = planned.is_time_series() ? survey.by_keys : survey.sum;
  ImportedCollection compared{planned.file.name,  wanted.count,        there.count,
                              survey.sample_hash, wanted.digest.hex(), there.digest.hex()};
  if (survey.without_id != 0 && wanted.count == there.count)
    compared.not_compared = fmt::format(
        "the server gave {} documents of the file their _id: only the counts can be compared",
        survey.without_id);
  return compared;
}

void Importing::count_violators() {
  for (const auto& command : back_)
    if (auto found = engine::mongodb::find_violators(to_, engine::mongodb::view_document(command)))
      report_.findings.push_back(std::move(*found));
}

// Documents do not expire before they were compared, or the import failed.
void Importing::let_expire() {
  const auto expire = [&](ByteView bytes) {
    const auto expiry = engine::mongodb::view_document(bytes);
    const std::string name(expiry.text_at("collMod").value_or(""));
    make_again(name + ": " + expiry_text(expiry), [&]() -> Result<void> {
      TRY_CONTEXT(name, command("letting documents expire", bytes));
      return {};
    });
  };
  for (const auto& each : plan_.collections)
    if (const auto expiry = engine::mongodb::expiry_command(each.wanted);
        expiry && made_.contains(each.file.name))
      expire(*expiry);
  for (const auto& expiry : set_expiry_) expire(expiry);
}

}  // namespace

bool ImportReport::is_equal() const {
  return std::ranges::all_of(collections, &ImportedCollection::is_equal);
}

Result<void> recover_import(const Location& to, const ImportOptions& options, ImportPlan& plan) {
  plan.recovered = TRY(ValidatorsAside(to, options.journal).recover());
  if (plan.recovered.empty()) return {};
  return take_catalog(plan, TRY(engine::mongodb::read_catalog(to.server->connect(), to.database)));
}

Result<ImportReport> run_import(const Location& to, const ImportPlan& plan,
                                const ImportOptions& options, const RunContext& context) {
  return Importing(to, plan, options, context).run();
}

}  // namespace lifeboat::exchange::jsonl
