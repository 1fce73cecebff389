#include "backup/backup.h"

#include <algorithm>

#include "backup/hooks.h"
#include "backup/source_run.h"
#include "base/undisturbed.h"
#include "engine/all.h"
#include "engine/engine.h"

namespace lifeboat::backup {
namespace {

using repository::SnapshotWriter;

// Databases first, so that what their rows refer to in file sources is already there.
std::vector<engine::SourceOptions> in_reading_order(std::vector<engine::SourceOptions> sources) {
  std::stable_partition(sources.begin(), sources.end(), [](const auto& options) {
    const auto engine = engine::find_engine(options.type);
    return engine && (*engine)->traits().is_database;
  });
  return sources;
}

repository::SnapshotDraft draft_of(const Request& request) {
  repository::SnapshotDraft draft;
  draft.service = request.service;
  draft.host = request.host;
  draft.version = request.version;
  draft.labels = request.labels;
  draft.config = request.config;
  return draft;
}

struct OpenSource {
  engine::SourceOptions options;
  std::unique_ptr<engine::Source> source;  // null when it could not be opened or begun
  std::optional<Error> error;
};

OpenSource open_source(const engine::SourceOptions& options, const RunContext& context) {
  OpenSource open{options, nullptr, std::nullopt};
  const auto begun = [&]() -> Result<void> {
    const auto* engine = TRY(engine::find_engine(options.type));
    open.source = TRY(engine->open_source(options));
    return open.source->begin(context);
  }();
  if (begun) return open;
  open.source.reset();
  open.error = begun.error();
  return open;
}

// All sources begin before any is read: their consistent points lie as close together as they can.
Result<std::vector<OpenSource>> begin_all(const Request& request, const RunContext& context) {
  std::vector<OpenSource> opened;
  for (const auto& options : in_reading_order(request.sources)) {
    TRY(context.check_stop());
    opened.push_back(open_source(options, context));
  }
  if (opened.empty()) return fail(Code::config_invalid, "the service has no sources");
  return opened;
}

// The snapshot itself says that this source is not in it.
Result<SourceReport> record_unreadable(const OpenSource& open, SnapshotWriter& writer,
                                       const RunContext& context) {
  SourceReport report;
  report.name = open.options.name;
  report.type = open.options.type;
  report.complete = false;
  report.failure = open.error;
  report.findings = {{"source-unreadable", open.options.name, open.error->describe(), true}};
  const auto number = TRY(writer.begin_source(report.name, report.type));
  TRY(writer.finish_source(number, {{}, {}, report.findings}, context));
  return report;
}

Result<SourceReport> read_one(OpenSource& open, const Request& request, SourceRun::Stores stores,
                              const RunContext& context) {
  if (!open.source) return record_unreadable(open, stores.writer, context);
  SourceRun run(open.options, *open.source, stores, request.cache);
  auto report = run.run(context);
  open.source.reset();  // a held read transaction ends here, not after the other sources
  return report;
}

Result<std::vector<SourceReport>> read_all(const Request& request, SourceRun::Stores stores,
                                           const RunContext& context) {
  auto opened = TRY(begin_all(request, context));
  std::vector<SourceReport> reports;
  for (auto& open : opened)
    reports.push_back(
        TRY_CONTEXT("source " + open.options.name, read_one(open, request, stores, context)));
  return reports;
}

// A snapshot of nothing would only look like a backup.
Result<bool> judge_complete(const std::vector<SourceReport>& sources) {
  const auto failed = [](const SourceReport& each) { return each.failure.has_value(); };
  if (std::all_of(sources.begin(), sources.end(), failed))
    return fail(Error(*sources[0].failure).add_context("source " + sources[0].name));
  return std::all_of(sources.begin(), sources.end(),
                     [](const auto& each) { return each.complete; });
}

Result<Report> read_and_commit(const Request& request, repository::Repository& repository,
                               const RunContext& context) {
  const Time started = context.clock.now();
  auto writer = TRY(repository.begin(draft_of(request), context));
  const std::string identity = repository.id().hex() + "/" + request.service;
  Report report;
  report.sources = TRY(read_all(request, {*writer, identity}, context));
  const bool complete = TRY(judge_complete(report.sources));
  context.progress.stage("committing", 0);
  report.snapshot = TRY(writer->commit(started, complete, context));
  report.stats = writer->stats();
  return report;
}

constexpr std::string_view kFailed = "failed";

std::string_view result_word(const Result<Report>& report) {
  if (!report) return kFailed;
  return report->snapshot.complete ? "success" : "incomplete";
}

// A hook that failed by itself could put right what it had done; one that was killed could not.
bool was_killed(const Error& error) {
  return error.code() == Code::interrupted || error.code() == Code::timed_out;
}

// What `before` ended is begun again whatever came meanwhile, a request to stop included: its own
// time-out is the bound. Where the backup itself failed, its error is the answer, so this one is
// said here.
Result<void> run_after(const Request& request, std::string_view result, const RunContext& context) {
  auto after = run_hook({"after_backup", request.hooks.after, std::string(result)}, request,
                        undisturbed(context));
  if (!after && result == kFailed)
    context.log.error("after the backup had failed: " + after.error().describe());
  return after;
}

}  // namespace

Result<Report> run_backup(const Request& request, repository::Repository& repository,
                          const RunContext& context) {
  const Duration begun = context.clock.steady();
  TRY(context.check_stop());
  const auto before = run_hook({"before_backup", request.hooks.before, ""}, request, context);
  if (!before && !was_killed(before.error())) return fail(before.error());
  auto report = before ? read_and_commit(request, repository, context) : fail(before.error());
  auto after = run_after(request, result_word(report), context);
  if (!report) return report;
  if (!after) return fail(std::move(after).error().add_context("the snapshot was made"));
  report->elapsed = context.clock.steady() - begun;
  return report;
}

}  // namespace lifeboat::backup
