#include "cli/run.h"

#include <filesystem>
#include <iostream>

#include "cli/console_log.h"
#include "cli/help.h"
#include "cli/interrupts.h"
#include "cli/parser.h"

namespace lifeboat::cli {
namespace {

LogLevel least_level(const Arguments& arguments) {
  if (arguments.has("quiet")) return LogLevel::error;
  const auto more = arguments.count("verbose");
  return more == 0 ? LogLevel::warning : more == 1 ? LogLevel::info : LogLevel::debug;
}

ProgressMeter::Form form_of(const Arguments& arguments, const Terminal& terminal) {
  using Form = ProgressMeter::Form;
  if (arguments.has("json")) return Form::events;
  if (arguments.has("quiet")) return Form::none;
  return terminal.err_is_terminal ? Form::bar : Form::lines;
}

Result<service::Setup> setup_of(const Arguments& arguments, const Environment& environment) {
  std::error_code error;
  service::Setup setup;
  setup.config = arguments.text("config");
  setup.environment = environment;
  setup.working_directory = std::filesystem::current_path(error);
  if (error) return fail_errno(error.value(), "the current directory");
  setup.lock_wait = TRY(arguments.duration("lock-wait")).value_or(Duration(0));
  return setup;
}

Result<int> run_invocation(const Invocation& invocation, const service::Setup& setup,
                           const Terminal& terminal, const Streams& streams) {
  const Interrupts interrupts;
  const SystemClock clock;
  const bool json = invocation.arguments.has("json");
  ProgressMeter progress(form_of(invocation.arguments, terminal), json ? streams.out : streams.err,
                         terminal, clock);
  ConsoleLog log(least_level(invocation.arguments), streams.err, terminal, progress);
  const RunContext context{interrupts.token(), clock, service::process_random(), progress, log};
  Session session(invocation.arguments, setup, {terminal, streams, progress, context});
  return invocation.command->run(session);
}

Result<int> dispatch(const Result<Invocation>& parsed, const Environment& environment,
                     const Terminal& terminal, const Streams& streams) {
  if (!parsed) return fail(parsed.error());
  if (parsed->help) {
    streams.out << help_text(parsed->command, terminal) << std::flush;
    return 0;
  }
  const auto setup = TRY(setup_of(parsed->arguments, environment));
  return run_invocation(*parsed, setup, terminal, streams);
}

}  // namespace

int run(const std::vector<std::string>& words, const Environment& environment,
        const Streams& streams) {
  const auto has_word = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const auto terminal = Terminal::detect(environment, has_word("--no-color"));
  const auto parsed = parse_words(words);
  const auto status = dispatch(parsed, environment, terminal, streams);
  if (status) return *status;
  return report_error(status.error(), terminal, streams, has_word("--json"));
}

}  // namespace lifeboat::cli
