#pragma once
// What programs of a drill see of this machine, and the proof that it is no more than that: shared
// by the application rung and the commands. Used by one thread.
#include <memory>
#include <string>

#include "drill/app/text.h"
#include "drill/check.h"
#include "drill/step.h"
#include "sandbox/cell.h"

namespace lifeboat::drill {

CheckResult answer(std::string id, std::string proves);
CheckResult decide(CheckResult result, Outcome outcome, std::string message);

// The restored data, and the application's own files where there is an application.
sandbox::CellSpec spec_for_app(const DrillState& state);
// The same; a program can change nothing but the restored data.
sandbox::CellSpec spec_for_commands(const DrillState& state);
// Why this may not be opened: it shows, or leads to, production. Empty when it may.
std::string production_in(const sandbox::CellSpec& spec, const Request& request);
// Which production cannot be found, so that nobody can tell whether this shows it or leads to it.
// Empty when there is none, or nothing of this machine is shown.
std::string unknown_in(const sandbox::CellSpec& spec, const Request& request);

struct CellOrder {
  const sandbox::CellSpec& spec;
  std::string check;  // the id of the answer that goes into the report
};
// A cell in which everything was tried that must not be possible, and nothing was. Null when that
// could not be shown, and the report says why.
Result<std::unique_ptr<sandbox::Cell>> open_proven(DrillState& state, const CellOrder& order,
                                                   const RunContext& context);
// Before such a cell is destroyed: what others put within reach while something ran there takes its
// answer back.
void prove_still(DrillState& state, sandbox::Cell& cell, const std::string& check);
// What is said of one that did not last.
std::string gone(const Error& lost);

// ${sandbox.SOURCE.path}, or of a server ….uri, ….user and ….password, as they are inside.
Names names_of(const DrillState& state);
// What of these is never printed.
void add_passwords(const DrillState& state, std::vector<std::string>& secrets);
// What programs did to the restored data: a check "WHO.changes.SOURCE" each.
void compare_after(DrillState& state, const std::string& who, const std::string& proves,
                   const RunContext& context);

// Who was handed what another tool brought back, by ${sandbox.SOURCE.…}, and is content with it,
// vouches for that. Of a cluster of PostgreSQL nothing else here could.
void note_handed(Report& report, const std::string& command,
                 const std::map<std::string, std::string>& environment);

std::filesystem::path real_path(const std::filesystem::path& path);

}  // namespace lifeboat::drill
