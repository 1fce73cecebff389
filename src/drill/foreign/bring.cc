#include "engine/foreign/bring.h"

#include "base/file.h"
#include "drill/foreign.h"
#include "drill/step.h"
#include "engine/sqlite/settle.h"

namespace lifeboat::drill {
namespace {

using engine::foreign::Brought;

// For a person who must find out why; never part of the evidence.
Result<void> keep_output(const DrillState& state, const std::string& source,
                         const std::string& output, ForeignRecord& record) {
  if (output.empty()) return {};
  TRY(make_directories(state.request.reports));
  const auto file = state.request.reports / (state.report.id + "." + source + ".restore.log");
  TRY(write_file(file, view_of(output)));
  record.log = file.string();
  return {};
}

// A copy of a database in use holds half of what it was in the file beside it.
Result<void> settle_copy(DrillState& state, const std::string& name, const std::string& place) {
  if (TRY(engine::sqlite::settle(place)))
    state.report.findings.push_back(
        {"copied-in-use", name,
         "the database was copied while it was in use: its log came along and was folded in",
         false});
  return {};
}

Result<void> bring(DrillState& state, std::size_t index, const RunContext& context) {
  auto& backup = state.foreign[index];
  auto& record = state.report.foreign[index];
  const auto& options = backup.source->options;
  const auto into = data_of(state) / backup.source->name;
  const auto brought =
      TRY(backup.chosen ? engine::foreign::bring(options, *backup.chosen, into.string(), context)
                        : run_restore_program(state, backup, into, context));
  record.entries = brought.entries;
  record.unpacked = brought.bytes;
  state.report.measures.entries_restored += brought.entries;
  state.report.measures.bytes_restored += brought.bytes;
  for (const auto& finding : brought.findings) state.report.findings.push_back(finding);
  const auto inside = TRY(engine::foreign::find_inside(options, into.string()));
  if (inside.type == "sqlite") TRY(settle_copy(state, backup.source->name, inside.place));
  record.type = backup.manifest.type = inside.type;
  state.restored.push_back({backup.source->name, inside.type, inside.place, &backup.manifest,
                            backup.time.value_or(state.report.started)});
  return {};
}

}  // namespace

Result<Brought> run_restore_program(DrillState& state, const ForeignBackup& backup,
                                    const fs::path& into, const RunContext& context) {
  const auto& name = backup.source->name;
  auto& record = state.report.foreign[static_cast<std::size_t>(&backup - state.foreign.data())];
  std::string output;
  auto brought =
      engine::foreign::have_brought(backup.source->options, into.string(), output, context);
  TRY(keep_output(state, name, output, record));
  if (!brought && !record.log.empty())
    brought.error().with_hint("What it wrote is kept in " + record.log + ".");
  return brought;
}

Result<void> bring_foreign(DrillState& state, const RunContext& context) {
  for (std::size_t index = 0; index < state.foreign.size(); ++index) {
    TRY(context.check_stop());
    const auto& source = *state.foreign[index].source;
    TRY_CONTEXT("source " + source.name, source.options.is_dump()
                                             ? bring_dump(state, index, context)
                                             : bring(state, index, context));
  }
  return {};
}

}  // namespace lifeboat::drill
