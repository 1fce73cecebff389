#include "exchange/jsonl/export.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <numeric>

#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/collection_scan.h"
#include "engine/mongodb/indexing.h"
#include "engine/mongodb/source.h"
#include "exchange/counterpart.h"
#include "exchange/jsonl/counts.h"
#include "exchange/jsonl/lines_file.h"
#include "exchange/jsonl/metadata.h"
#include "exchange/jsonl/names.h"
#include "exchange/jsonl/staged.h"
#include "exchange/sample_hash.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::Catalog;
using engine::mongodb::Collection;
using engine::mongodb::CollectionKind;
using engine::mongodb::CollectionScan;
using engine::mongodb::DocumentView;
using engine::mongodb::Location;

// "5", "\"a\"" … of a document, for messages; nothing of what else it holds.
std::string id_of(DocumentView document) {
  const auto id = document.find("_id");
  if (!id) return "without an _id";
  engine::mongodb::DocumentBuilder builder;
  const auto text = engine::mongodb::to_extended_json(
      engine::mongodb::view_document(builder.element(*id).take()), engine::mongodb::Lossy::escaped);
  return text ? text->text : "that cannot be named";
}

class Exporting {
 public:
  Exporting(const Location& from, const ExportOptions& options, const RunContext& context)
      : from_(from), options_(options), context_(context) {}

  Result<ExportReport> run() {
    TRY(begin());
    auto staged = TRY(Staged::begin(options_.out_dir, suffix(), context_));
    report_.moment = staged.moment();
    for (const auto* each : collections())
      TRY_CONTEXT(catalog_.database + "." + each->name, write_collection(*each, staged.folder()));
    TRY(write_views(staged.folder()));
    TRY(write_options(staged.folder()));
    TRY(check_unchanged());
    TRY(finish(staged));
    return std::move(report_);
  }

 private:
  Result<void> begin();
  const char* suffix() const {
    return options_.packing == engine::foreign::Packing::tar ? ".tar" : ".tar.gz";
  }
  std::vector<const Collection*> collections() const;
  Result<void> write_collection(const Collection& collection, const fs::path& folder);
  Result<bool> write_document(DocumentView document, LinesFile& file) const;
  Result<void> write_views(const fs::path& folder);
  Result<void> write_options(const fs::path& folder);
  Result<void> check_unchanged() const;
  Result<void> finish(Staged& staged);
  void note_indexes(const Collection& collection);

  const Location& from_;
  const ExportOptions& options_;
  const RunContext& context_;
  Catalog catalog_;
  bool has_order_of_id_ = false;  // of the server: else a document may be met twice
  std::map<std::string, std::string> files_;
  std::vector<std::string> written_;
  ExportReport report_;
};

Result<void> Exporting::begin() {
  auto there = TRY(ask_counterpart(from_));
  has_order_of_id_ = there.server.ferretdb.empty();
  catalog_ = std::move(there.catalog);
  if (catalog_.collections.empty())
    return fail(Error(Code::not_found, "the database " + from_.database + " holds nothing")
                    .with_hint("See whether MONGO_DB and MONGO_URI name the right one."));
  std::vector<std::string> names;
  for (const auto& each : catalog_.collections) names.push_back(each.name);
  files_ = file_names(names);
  context_.progress.stage("export", 0);
  return {};
}

// A view's documents are made of another's, and the buckets of a time series are its documents in
// another form.
std::vector<const Collection*> Exporting::collections() const {
  std::vector<const Collection*> all;
  for (const auto& each : catalog_.collections)
    if (each.kind != CollectionKind::view && !each.name.starts_with(kBucketsPrefix))
      all.push_back(&each);
  return all;
}

Result<void> Exporting::write_collection(const Collection& collection, const fs::path& folder) {
  ExportedCollection exported;
  exported.name = collection.name;
  exported.file = files_.at(collection.name);
  auto file = TRY(LinesFile::create(folder / exported.file));
  auto scan = TRY(CollectionScan::begin(*from_.server, from_.database, collection,
                                        {.by_id = has_order_of_id_}));
  SampleHash sample(options_.sample);
  for (auto bytes = TRY(scan.next()); !bytes.empty(); bytes = TRY(scan.next())) {
    TRY(context_.check_stop());
    const auto document = engine::mongodb::view_document(bytes);
    const bool escaped =
        TRY_CONTEXT("the document " + id_of(document), write_document(document, file));
    if (escaped) ++exported.escaped;
    TRY(sample.add_line(document, escaped));
    context_.progress.advance(bytes.size(), 1);
  }
  TRY(file.finish());
  exported.sum = scan.finish().sum;
  exported.sample_hash = sample.finish();
  written_.push_back(exported.file);
  note_indexes(collection);
  report_.collections.push_back(std::move(exported));
  return {};
}

// Whether it had to be escaped.
Result<bool> Exporting::write_document(DocumentView document, LinesFile& file) const {
  const auto line =
      TRY(engine::mongodb::to_extended_json(document, options_.lossy, options_.layout));
  TRY(file.add_line(line.text));
  return line.escaped;
}

void Exporting::note_indexes(const Collection& collection) {
  const auto names = index_names(collection);
  if (names.empty()) return;
  report_.findings.push_back({"indexes-not-exported", collection.name,
                              "this format has no indexes: " + names + " must be made anew",
                              false});
}

// As the server itself keeps them, which is where the scripts look.
Result<void> Exporting::write_views(const fs::path& folder) {
  for (const auto& each : catalog_.collections)
    if (each.kind == CollectionKind::view) report_.views.push_back(each.name);
  if (report_.views.empty()) return {};
  const auto name = std::string(kViewsCollection) + std::string(kLinesSuffix);
  auto file = TRY(LinesFile::create(folder / name));
  for (const auto& each : catalog_.collections) {
    if (each.kind != CollectionKind::view) continue;
    const auto line = view_line(catalog_.database, each);
    const auto text = TRY_CONTEXT(
        "the view " + each.name,
        engine::mongodb::to_extended_json(engine::mongodb::view_document(line), options_.lossy));
    TRY(file.add_line(text.text));
  }
  TRY(file.finish());
  written_.push_back(name);
  return {};
}

Result<void> Exporting::write_options(const fs::path& folder) {
  OptionsByName options;
  for (const auto& each : catalog_.collections)
    if (!each.name.starts_with(kBucketsPrefix))
      options[each.name] = to_bytes(each.options().bytes());
  auto file = TRY(LinesFile::create(folder / kMetadataFile));
  TRY(file.add(TRY(encode_options(options, options_.lossy))));
  TRY(file.finish());
  written_.emplace_back(kMetadataFile);
  return {};
}

Result<void> Exporting::check_unchanged() const {
  const auto after = TRY(engine::mongodb::read_catalog(from_.server->connect(), from_.database));
  const auto changes = engine::mongodb::differences(catalog_, after);
  if (changes.empty()) return {};
  return fail(Error(Code::source_changed, from_.database + " changed while it was read: " +
                                              changes[0].object + " " + changes[0].change)
                  .with_hint("Run the export when no collection or index is made or dropped."));
}

Result<void> Exporting::finish(Staged& staged) {
  context_.progress.stage("archive", 0);
  TRY(engine::foreign::pack({staged.folder(), written_, options_.packing}, staged.archive(),
                            context_));
  struct stat status{};
  if (::fstat(staged.archive().get(), &status) == 0)
    report_.archive_bytes = static_cast<std::uint64_t>(status.st_size);
  report_.folder = staged.final_folder();
  report_.archive = staged.final_archive();
  TRY(staged.commit());
  if (!options_.csv.empty()) TRY(append_counts(options_.csv, from_.database, report_));
  report_.findings.push_back(
      {"consistency-per-collection", from_.database,
       "each collection is as of the moment when it was read, not all as of one", false});
  return {};
}

}  // namespace

engine::mongodb::DocumentSum ExportReport::sum() const {
  engine::mongodb::DocumentSum all;
  for (const auto& each : collections) all.add(each.sum);
  return all;
}

std::uint64_t ExportReport::escaped() const {
  return std::accumulate(
      collections.begin(), collections.end(), std::uint64_t{0},
      [](std::uint64_t so_far, const auto& each) { return so_far + each.escaped; });
}

Result<ExportReport> export_jsonl(const Location& from, const ExportOptions& options,
                                  const RunContext& context) {
  return Exporting(from, options, context).run();
}

}  // namespace lifeboat::exchange::jsonl
