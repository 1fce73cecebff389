#include "drill/app/command.h"
#include "drill/app/inside.h"

namespace lifeboat::drill {
namespace {

constexpr const char* kIsolation = "isolation.network.commands";

// The programs that the configuration names, each in a cell of its own, after everything was
// compared and before the application boots.
class CommandsStep final : public Step {
 public:
  std::string name() const override { return "commands"; }

  Result<void> run(DrillState& state, const RunContext& context) override {
    const auto spec = spec_for_commands(state);
    auto cell = TRY(open_proven(state, {spec, kIsolation}, context));
    const bool isolated = cell != nullptr;
    for (const auto& check : state.request.options.checks) {
      const auto* command = std::get_if<CommandCheck>(&check);
      if (command == nullptr) continue;
      TRY(context.check_stop());
      // Each begins where none was before; what held for the first cell holds for its like.
      if (isolated && !cell) cell = TRY(sandbox::Cell::open(spec, context));
      for (auto& result : TRY(ask(state, cell.get(), *command, context))) {
        if (was_content(result)) note_handed(state.report, command->run, command->environment);
        state.report.checks.push_back(std::move(result));
      }
      cell.reset();
    }
    if (isolated)
      compare_after(state, "command", "what the commands changed is known apart", context);
    return {};
  }

 private:
  // One that failed vouches for nothing, also where its failure is waived.
  static bool was_content(const CheckResult& result) {
    return result.outcome == Outcome::passed || result.outcome == Outcome::warned;
  }

  static Result<std::vector<CheckResult>> ask(DrillState& state, sandbox::Cell* cell,
                                              const CommandCheck& command,
                                              const RunContext& context) {
    const auto undecided = [&](std::string why) {
      return std::vector{decide(command_answer(command), Outcome::not_run, std::move(why))};
    };
    if (cell == nullptr) return undecided("nothing can be isolated here, so it was not started");
    context.progress.stage("command " + command.name, 0);
    const auto asked = with_application(state, command);
    auto end = run_inside(*cell, asked, names_of(state), context);
    if (end) {
      prove_still(state, *cell, kIsolation);
      finish(*cell, *end);
      return judge_command(asked, *end);
    }
    if (end.error().code() == Code::interrupted) return fail(end.error());
    return undecided(end.error().describe());
  }

  // It sees what the application would: `npx prisma migrate status` needs nothing of its own.
  static CommandCheck with_application(const DrillState& state, CommandCheck command) {
    add_passwords(state, command.secrets);
    if (!state.request.options.app) return command;
    const auto& app = *state.request.options.app;
    if (command.directory.empty()) command.directory = app.directory;
    for (const auto& [name, value] : app.environment)
      if (value.find("${sandbox.port}") == std::string::npos)
        command.environment.try_emplace(name, value);
    command.secrets.insert(command.secrets.end(), app.secrets.begin(), app.secrets.end());
    return command;
  }
};

}  // namespace

std::unique_ptr<Step> make_commands_step() { return std::make_unique<CommandsStep>(); }

}  // namespace lifeboat::drill
