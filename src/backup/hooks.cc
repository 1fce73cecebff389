#include "backup/hooks.h"

#include "base/subprocess.h"

namespace lifeboat::backup {
namespace {

std::string last_lines(const std::string& output) {
  constexpr std::size_t kShown = 400;
  return output.size() <= kShown ? output : "…" + output.substr(output.size() - kShown);
}

}  // namespace

Result<void> run_hook(const Hook& hook, const Request& request, const RunContext& context) {
  if (hook.command.empty()) return {};
  context.log.info("running hook " + hook.name);
  CommandSpec spec;
  spec.shell_text = hook.command;
  spec.timeout = request.hooks.timeout;
  spec.environment = {{"LIFEBOAT_SERVICE", request.service}, {"LIFEBOAT_HOOK", hook.name}};
  if (!hook.result.empty()) spec.environment["LIFEBOAT_RESULT"] = hook.result;
  const auto outcome = TRY_CONTEXT("hook " + hook.name, run_command(spec, context));
  if (outcome.exit_status == 0) return {};
  return fail(Code::command_failed, "hook " + hook.name + " ended with status " +
                                        std::to_string(outcome.exit_status) + ": " +
                                        last_lines(outcome.output));
}

}  // namespace lifeboat::backup
