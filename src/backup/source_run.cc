#include "backup/source_run.h"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "backup/size_estimate.h"

namespace lifeboat::backup {
namespace {

// Entries in flight: enough to keep every worker busy, few enough to bound memory.
constexpr std::size_t kTokensPerWorker = 16;
// Shorter runs show no progress.
constexpr Duration kEstimateAfter = std::chrono::seconds(1);

std::string file_safe(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    safe += plain ? std::string(1, c) : "%" + to_hex(view_of(std::string(1, c)));
  }
  return safe;
}

std::filesystem::path list_path(const std::filesystem::path& cache, const std::string& identity,
                                const std::string& source) {
  return cache / "previous" / (file_safe(identity) + "." + file_safe(source));
}

repository::StreamHint hint_of(const EntryInfo& info) {
  return {info.profile, info.unit, info.size};
}

}  // namespace

// One entry on its way through the pipeline.
struct SourceRun::Item {
  std::unique_ptr<engine::Entry> entry;
  std::optional<PreviousEntry> previous;
  repository::EntryRecord record;
  std::vector<Finding> findings;
  bool unchanged = false;
  bool lost = false;  // vanished or unreadable: not in the snapshot
};

SourceRun::SourceRun(const engine::SourceOptions& options, engine::Source& source, Stores stores,
                     const std::filesystem::path& cache)
    : options_(options),
      source_(source),
      stores_(std::move(stores)),
      list_file_(list_path(cache, stores_.identity, options.name)),
      limit_(options.read_limit) {
  report_.name = options.name;
  report_.type = options.type;
}

Result<SourceReport> SourceRun::run(const RunContext& context) {
  const std::string identity = stores_.identity + "/" + options_.name + "/" + options_.path;
  previous_ = PreviousReader::open(list_file_, identity);
  next_list_.emplace(TRY(PreviousWriter::create(list_file_, identity)));
  number_ = TRY(stores_.writer.begin_source(options_.name, options_.type));
  context.progress.stage("reading " + options_.name, 0);
  const SizeEstimate estimate(options_, kEstimateAfter, context);
  auto outcome = TRY(read_all(context));
  for (auto& finding : outcome.findings) report_.findings.push_back(std::move(finding));
  for (const auto& finding : report_.findings) report_.complete &= !finding.incomplete;
  report_.position = outcome.position;
  TRY(stores_.writer.finish_source(number_,
                                   {std::move(outcome.position), std::move(outcome.facts),
                                    report_.findings, outcome.log_position},
                                   context));
  TRY(next_list_->commit());
  return std::move(report_);
}

// A source that fails half-way leaves what was read, marked incomplete; a failing repository ends
// the backup.
Result<engine::SourceOutcome> SourceRun::read_all(const RunContext& context) {
  TRY(read_entries(context));
  if (!source_error_) {
    auto outcome = source_.finish(context);
    if (outcome || outcome.error().code() == Code::interrupted) return outcome;
    source_error_ = outcome.error();
  }
  report_.failure = source_error_;
  engine::SourceOutcome nothing;
  nothing.findings.push_back({"source-unreadable", options_.name, source_error_->describe(), true});
  return nothing;
}

Result<void> SourceRun::read_entries(const RunContext& context) {
  const int workers =
      options_.workers == 0 ? tbb::task_arena::automatic : static_cast<int>(options_.workers);
  tbb::task_arena arena(workers);
  const auto tokens = kTokensPerWorker * static_cast<std::size_t>(arena.max_concurrency());
  using Passed = std::shared_ptr<Item>;
  const auto take = tbb::make_filter<void, Passed>(tbb::filter_mode::serial_in_order,
                                                   [&](tbb::flow_control& flow) -> Passed {
                                                     auto item = next_item(context);
                                                     if (!item) flow.stop();
                                                     return item;
                                                   });
  const auto store = tbb::make_filter<Passed, Passed>(tbb::filter_mode::parallel, [&](Passed item) {
    store_item(*item, context);
    return item;
  });
  const auto keep = tbb::make_filter<Passed, void>(
      tbb::filter_mode::serial_in_order, [&](const Passed& item) { keep_item(*item, context); });
  do {
    arena.execute([&] { tbb::parallel_pipeline(tokens, take & store & keep); });
    if (late_) read_late(context);
  } while (std::exchange(late_, nullptr));
  if (error_) return fail(*error_);
  return {};
}

void SourceRun::read_late(const RunContext& context) {
  store_item(*late_, context);
  keep_item(*late_, context);
}

// Null ends the pipeline: no more entries, or an error that stop_with() keeps.
std::shared_ptr<SourceRun::Item> SourceRun::next_item(const RunContext& context) {
  if (stopped()) return nullptr;
  if (auto go_on = context.check_stop(); !go_on) {
    stop_with(go_on.error());
    return nullptr;
  }
  auto entry = source_.next(context);
  if (!entry) {
    stop_source(entry.error());
    return nullptr;
  }
  if (!*entry) return nullptr;
  auto item = std::make_shared<Item>();
  item->entry = std::move(*entry);
  item->previous = previous_.find(item->entry->info.path);
  if (!item->entry->is_late) return item;
  late_ = std::move(item);
  return nullptr;
}

void SourceRun::store_item(Item& item, const RunContext& context) {
  if (stopped()) return;
  item.record.info = item.entry->info;
  if (item.record.info.profile == Profile::none || reuse_previous(item)) return;
  if (auto stored = store_content(item, context); !stored) stop_with(stored.error());
}

// The token says the file is as it was, and the repository still has all of it.
bool SourceRun::reuse_previous(Item& item) {
  const auto& token = item.entry->change_token;
  if (!item.previous || token.empty() || token != item.previous->change_token) return false;
  if (!stores_.writer.reuse(item.previous->chunks)) return false;
  item.record.chunks = std::move(item.previous->chunks);
  item.record.info.size = item.previous->size;
  item.unchanged = true;
  return true;
}

// Errors of the content are the source's; what comes back is the repository's.
Result<void> SourceRun::store_content(Item& item, const RunContext& context) {
  auto content = item.entry->open();
  if (!content) {
    note_failure(item, content.error());
    return {};
  }
  PacedReader paced(**content, limit_, context);
  auto stored = stores_.writer.add_stream(hint_of(item.record.info), paced, context);
  if (paced.error()) {
    note_failure(item, *paced.error());
    return {};
  }
  if (!stored) return fail(std::move(stored).error());
  item.record.chunks = std::move(stored->chunks);
  item.record.info.size = stored->size;
  item.findings = (*content)->finish();
  // A file that changed while it was read must be read again next time.
  if (!item.findings.empty()) item.entry->change_token.clear();
  return {};
}

// What concerns one file is a finding; what concerns a whole database ends its source.
void SourceRun::note_failure(Item& item, const Error& error) {
  const auto& info = item.record.info;
  item.lost = true;
  if (error.code() == Code::interrupted) return stop_with(error);
  if (info.kind == EntryKind::database) return stop_source(error);
  const bool vanished = error.code() == Code::not_found;
  item.findings.push_back({vanished ? "file-vanished" : "file-unreadable", info.path,
                           vanished ? "vanished before it was read" : error.describe(), !vanished});
}

void SourceRun::keep_item(Item& item, const RunContext& context) {
  if (stopped()) return;
  auto kept = record_item(item, context);
  if (!kept) stop_with(kept.error());
}

Result<void> SourceRun::record_item(Item& item, const RunContext& context) {
  for (auto& finding : item.findings) report_.findings.push_back(std::move(finding));
  if (item.lost) return {};
  const auto& info = item.record.info;
  TRY(stores_.writer.add_entry(number_, item.record, context));
  ++report_.entries;
  report_.unchanged += item.unchanged ? 1 : 0;
  report_.bytes += info.profile == Profile::none ? 0 : info.size;
  context.progress.advance(item.unchanged ? info.size : 0, 1);
  if (item.entry->change_token.empty() || info.profile == Profile::none) return {};
  return next_list_->add(
      {info.path, item.entry->change_token, info.size, std::move(item.record.chunks)});
}

void SourceRun::stop_source(const Error& error) {
  if (error.code() == Code::interrupted) return stop_with(error);
  const std::scoped_lock lock(error_mutex_);
  if (!source_error_) source_error_ = error;
  stopped_ = true;
}

void SourceRun::stop_with(Error error) {
  const std::scoped_lock lock(error_mutex_);
  if (!error_) error_ = std::move(error);
  stopped_ = true;
}

}  // namespace lifeboat::backup
