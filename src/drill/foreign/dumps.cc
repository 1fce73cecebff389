#include <fcntl.h>

#include <fmt/format.h>

#include "drill/foreign.h"
#include "drill/like_server.h"
#include "drill/step.h"
#include "engine/foreign/bring.h"
#include "engine/foreign/tar_stream.h"
#include "engine/foreign/unchanged.h"
#include "engine/foreign/unpack.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/object_names.h"
#include "exchange/counterpart.h"
#include "exchange/jsonl/import.h"
#include "exchange/mongodump/import.h"

namespace lifeboat::drill {
namespace {

namespace jsonl = exchange::jsonl;
namespace mongodump = exchange::mongodump;

constexpr const char* kEngineOfDumps = "mongodb";

// The server is the drill's own, and empty: what it does not take, no recovery would have.
template <class T>
Result<T> taken(Result<T> report) {
  const auto code = report ? Code::internal : report.error().code();
  if (code != Code::io_error && code != Code::source_unreadable && code != Code::exists)
    return report;
  return fail(Error(Code::check_failed, report.error().describe())
                  .with_hint("Import it by hand into an empty server: what that refuses is not "
                             "in a recovery either."));
}

template <class Collection>
void note_unequal(const Collection& collection, std::uint64_t dumped, std::uint64_t there,
                  Imported& imported) {
  if (!collection.not_compared.empty())
    imported.not_compared.push_back(collection.name + ": " + collection.not_compared);
  if (!collection.not_compared.empty() || collection.is_equal()) return;
  imported.unequal.push_back(collection.name + " has " + counted(there, "document", "documents") +
                             ", the dump " + std::to_string(dumped) +
                             (there == dumped ? ", and other contents" : ""));
}

fs::path journal_of(const DrillState& state, const ForeignBackup& backup) {
  return state.sandbox->directory() / (backup.source->name + ".validators");
}

// A folder is copied without its name and what is beside it, such as the log of a dump.
fs::path folder_was_at(const ForeignBackup& backup) {
  if (!backup.chosen || !backup.chosen->is_folder || !backup.source->options.folder.empty())
    return {};
  std::error_code error;
  return fs::canonical(backup.chosen->path, error);
}

Result<Imported> import_dump(const DrillState& state, const ForeignBackup& backup,
                             const fs::path& path, const RunContext& context) {
  const auto to = TRY(engine::mongodb::locate(backup.server));
  mongodump::DumpOptions options;
  options.path = path;
  options.was_at = folder_was_at(backup);
  if (const auto named = backup.source->options.limits.bytes; named != 0)
    options.most_bytes = named;
  options.room = TRY(free_space(state.sandbox->directory()));
  options.database = backup.source->options.database;
  options.journal = journal_of(state, backup);
  options.accept_older = !state.request.options.server.empty();  // then the verdict says so
  const auto plan = TRY_CONTEXT("importing it", mongodump::plan_dump(to, options, context));
  const auto report =
      TRY_CONTEXT("importing it", taken(mongodump::restore_dump(to, plan, options, context)));
  Imported imported{plan.documents(), 0, plan.head.server_version, plan.findings, {}, {}};
  for (const auto& finding : report.findings) imported.findings.push_back(finding);
  imported.log_until = report.log_until;
  for (const auto& each : report.collections) {
    imported.bytes += each.dumped.bytes;
    note_unequal(each, each.dumped.count, each.there.count, imported);
  }
  return imported;
}

Result<Imported> import_lines(const DrillState& state, const ForeignBackup& backup,
                              const fs::path& path, const RunContext& context) {
  const auto to = TRY(engine::mongodb::locate(backup.server));
  jsonl::ImportOptions options;
  options.archive = path;
  options.journal = journal_of(state, backup);
  const auto plan = TRY_CONTEXT("importing it", jsonl::plan_import(to, options, context));
  const auto report =
      TRY_CONTEXT("importing it", taken(jsonl::run_import(to, plan, options, context)));
  Imported imported{plan.documents(), 0, {}, plan.findings, {}, {}};
  for (const auto& finding : report.findings) imported.findings.push_back(finding);
  for (const auto& each : plan.collections) imported.bytes += each.survey.sum.bytes;
  for (const auto& each : report.collections)
    note_unequal(each, each.file_count, each.db_count, imported);
  return imported;
}

// Unpacked or copied into the sandbox, and the folder in it where the dump is.
Result<fs::path> lay_out(const DrillState& state, const ForeignBackup& backup,
                         ForeignRecord& record, const RunContext& context) {
  auto options = backup.source->options;
  const auto into = data_of(state) / backup.source->name;
  options.format = "files";
  if (!backup.chosen->is_folder) {
    const auto archive = TRY(open_file(backup.chosen->path, O_RDONLY | O_CLOEXEC));
    options.format = TRY(engine::foreign::packing_of(archive));
  }
  options.database.clear();
  const auto brought = TRY(engine::foreign::bring(options, *backup.chosen, into.string(), context));
  record.unpacked = brought.bytes;
  TRY(engine::foreign::refuse_left_out(brought.findings));
  return fs::path(TRY(engine::foreign::find_inside(options, into.string())).place);
}

// An archive of mongodump is read where it is: it would only be copied to be read again.
Result<Imported> import_in_place(const DrillState& state, const ForeignBackup& backup,
                                 const fs::path& path, const RunContext& context) {
  const auto& options = backup.source->options;
  if (!options.folder.empty())
    return fail(Error(Code::config_invalid, backup.chosen->name +
                                                " is one archive of mongodump: there is no "
                                                "folder in it")
                    .with_hint("Take folder: " + options.folder + " out."));
  return import_dump(state, backup, path, context);
}

struct DumpAt {
  const ForeignBackup& backup;
  fs::path path;
};

// The one file that is in a folder, and nothing beside it.
fs::path only_file_in(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator each(folder, error);
  if (error || each == fs::directory_iterator()) return {};
  const auto path = each->path();
  const bool is_alone = each.increment(error) == fs::directory_iterator() && !error;
  return is_alone && fs::is_regular_file(fs::symlink_status(path, error)) ? path : fs::path();
}

// As a program left it: an archive, or the folder of a dump.
Result<Imported> import_brought(DrillState& state, std::size_t index, const RunContext& context) {
  const auto& backup = state.foreign[index];
  auto options = backup.source->options;
  const auto into = data_of(state) / backup.source->name;
  state.report.foreign[index].unpacked =
      TRY(run_restore_program(state, backup, into, context)).bytes;
  options.database.clear();
  const fs::path folder = TRY(engine::foreign::find_inside(options, into.string())).place;
  const auto file = only_file_in(folder);
  const auto& dump = file.empty() ? folder : file;
  if (options.format == "mongodump") return import_dump(state, backup, dump, context);
  return import_lines(state, backup, file.extension() == ".jsonl" ? folder : dump, context);
}

Result<Imported> import_any(const DrillState& state, const DumpAt& dump, ForeignRecord& record,
                            const RunContext& context) {
  const auto& [backup, path] = dump;
  const bool is_lines = backup.source->options.format == "jsonl";
  const bool may_be_archive = !is_lines && !backup.chosen->is_folder;
  if (may_be_archive && TRY(mongodump::is_archive(path)))
    return import_in_place(state, backup, path, context);
  const auto folder = TRY(lay_out(state, backup, record, context));
  return is_lines ? import_lines(state, backup, folder, context)
                  : import_dump(state, backup, folder, context);
}

// What looks cut short while somebody writes it is no damage.
Result<Imported> import_unchanged(const DrillState& state, const ForeignBackup& backup,
                                  ForeignRecord& record, const RunContext& context) {
  std::error_code error;
  const auto path = fs::canonical(backup.chosen->path, error);  // `from` itself may be a link
  if (error) return fail_errno(error.value(), "cannot open " + backup.chosen->path);
  const auto unchanged = TRY(engine::foreign::Unchanged::begin(path));
  auto imported = import_any(state, {backup, path}, record, context);
  TRY(context.check_stop());
  TRY(unchanged.check());
  return imported;
}

Result<CheckResult> compare_servers(const ForeignBackup& backup, const Imported& imported) {
  const auto at = TRY(engine::mongodb::locate(backup.server));
  const auto ours = TRY(engine::mongodb::ask_server(at.server->connect()));
  return judge_server_of_dump(backup.source->name,
                              {backup.source->options.server, imported.server_version},
                              ours.product(), ours.version);
}

}  // namespace

CheckResult judge_import(const std::string& source, const Imported& imported) {
  CheckResult result;
  result.id = "import." + source;
  result.proves =
      "every document of the dump is in the database that was made of it, as it is "
      "in the dump";
  result.outcome = Outcome::passed;
  result.message = counted(imported.documents, "document", "documents") + " compared";
  if (!imported.log_until.empty())
    result.message += ", and what the dump's log made of them until " + imported.log_until;
  if (!imported.not_compared.empty()) result.outcome = Outcome::not_run;
  if (!imported.not_compared.empty())
    result.message = fmt::format("{}", fmt::join(imported.not_compared, "; "));
  if (imported.unequal.empty()) return result;
  result.outcome = Outcome::failed;
  result.message = fmt::format("{}", fmt::join(imported.unequal, "; "));
  return result;
}

void plan_dump_server(ForeignBackup& backup) {
  const auto& options = backup.source->options;
  if (!options.is_dump()) return;
  auto database = options.database.empty() ? backup.source->name : options.database;
  // A server keeps its own affairs in those.
  if (exchange::is_servers_own(database)) database += "-dump";
  backup.manifest.type = kEngineOfDumps;
  backup.manifest.position = {{"database", engine::mongodb::escape_name(database)}};
}

Result<void> bring_dump(DrillState& state, std::size_t index, const RunContext& context) {
  auto& backup = state.foreign[index];
  auto& record = state.report.foreign[index];
  const auto imported = TRY(backup.chosen ? import_unchanged(state, backup, record, context)
                                          : import_brought(state, index, context));
  record.type = backup.manifest.type;
  record.entries = imported.documents;
  record.unpacked += imported.bytes;
  state.report.measures.entries_restored += imported.documents;
  state.report.measures.bytes_restored += imported.bytes;
  for (const auto& finding : imported.findings) state.report.findings.push_back(finding);
  state.report.checks.push_back(judge_import(backup.source->name, imported));
  state.report.checks.push_back(TRY(compare_servers(backup, imported)));
  state.restored.push_back({backup.source->name, record.type, backup.server, &backup.manifest,
                            backup.time.value_or(state.report.started)});
  return {};
}

}  // namespace lifeboat::drill
