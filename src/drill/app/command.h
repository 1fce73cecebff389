#pragma once
// A program of the configuration that judges the restored data from inside a cell: run with limits,
// and its words turned into answers. Used by one thread.
#include "drill/app/text.h"
#include "drill/options.h"
#include "drill/report.h"
#include "sandbox/cell.h"
#include "sandbox/output.h"

namespace lifeboat::drill {

// What became of it.
struct CommandEnd {
  std::optional<int> status;  // 128 + signal; none when it had to be killed
  std::string over;           // the limit that it passed
  Duration elapsed{0};
  std::unique_ptr<sandbox::Output> output;
};

// Runs it in the cell. An error is `interrupted`, or says that the program could not be started.
Result<CommandEnd> run_inside(sandbox::Cell& cell, const CommandCheck& command, const Names& names,
                              const RunContext& context);
// Destroys the cell, with all that the program left running, and takes the rest of what was
// written.
void finish(sandbox::Cell& cell, CommandEnd& end);
// Pure: the answer, and one more for each outcome that it printed. What hangs, dies, floods or
// talks nonsense has answered nothing: not_run.
std::vector<CheckResult> judge_command(const CommandCheck& command, const CommandEnd& end);
// "command.NAME", without an answer.
CheckResult command_answer(const CommandCheck& command);

}  // namespace lifeboat::drill
