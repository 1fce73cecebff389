#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

void say_test(Session& session, const Json& test) {
  const auto width = session.terminal().width;
  const bool taken = flag_of(test, "delivered");
  const auto state =
      taken ? session.colour("taken", Style::good) : session.colour("NOT DELIVERED", Style::bad);
  session.say(
      wrapped(fmt::format("{}: {}, {}", text_of(test, "notifier"), state, text_of(test, "answer")),
              width, 2));
  if (const auto hint = text_of(test, "hint"); !hint.empty())
    session.say("  " + session.colour("hint", Style::bold) + "   " + wrapped(hint, width, 9));
}

Result<int> run_test(Session& session) {
  const auto answer = TRY(service::test_notifiers(session.setup(), session.arguments().text("NAME"),
                                                  session.context()));
  for (const auto& test : list_of(answer.body, "tests")) say_test(session, test);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

std::vector<CommandSpec> notify_commands() {
  CommandSpec group;
  group.name = "notify";
  group.summary = "Tell people what happened: try out the notifiers of the configuration.";
  CommandSpec test;
  test.name = "notify test";
  test.summary = "Send a test message, and say what the receiver answered.";
  test.about =
      "One attempt for each notifier; nothing is kept. A heartbeat is asked for its /log, so that "
      "a "
      "test never looks like a backup that was proven.";
  test.positionals = {{"NAME", "Which notifier; else all of the configuration.", false}};
  test.examples = {{"lifeboat notify test", "all of them"},
                   {"lifeboat notify test ops-slack", "one of them"}};
  test.run = run_test;
  return {group, test};
}

}  // namespace lifeboat::cli
