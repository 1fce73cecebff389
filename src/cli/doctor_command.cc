#include "service/doctor.h"

#include <fmt/format.h>

#include "base/counted.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/session.h"

namespace lifeboat::cli {
namespace {

struct Mark {
  const char* text;
  Style style;
};

Mark mark_of(const std::string& level) {
  if (level == "ok") return {"ok     ", Style::good};
  if (level == "warning") return {"warning", Style::caution};
  return {"error  ", Style::bad};
}

void say_advice(Session& session, const Json& row) {
  const auto mark = mark_of(text_of(row, "level"));
  const auto& width = session.terminal().width;
  constexpr std::size_t kIndent = 9;
  // The mistakes of a configuration are lines of their own.
  auto message = row.value("message", "");
  std::string more;
  if (const auto end = message.find('\n'); end != std::string::npos) {
    more = message.substr(end + 1);
    message.erase(end);
  }
  session.say(session.colour(mark.text, mark.style) + "  " +
              wrapped(text_of(row, "subject") + ": " + printable(message), width, kIndent));
  while (!more.empty()) {
    const auto end = std::min(more.find('\n'), more.size());
    session.say("         " + wrapped(printable(more.substr(0, end)), width, kIndent + 4));
    more.erase(0, end + 1);
  }
  if (const auto hint = text_of(row, "hint"); !hint.empty())
    session.say("         " + session.colour(wrapped(hint, width, kIndent), Style::faint));
}

std::string summary_of(const Json& body) {
  const auto errors = number_of(body, "errors");
  const auto warnings = number_of(body, "warnings");
  if (errors == 0 && warnings == 0) return "Everything is fine.";
  return counted(errors, "error", "errors") + ", " + counted(warnings, "warning", "warnings") + ".";
}

void say_lines(Session& session, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    session.say(printable(std::string(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// One after the other, to be put into mongosh.
Result<int> print_grants(Session& session) {
  const auto answer = TRY(service::least_rights(session.setup()));
  const auto& grants = list_of(answer.body, "grants");
  if (grants.empty())
    session.say("No source of this configuration is on a server that grants rights.");
  std::string source;
  for (const auto& each : grants) {
    if (text_of(each, "source") != source) {
      source = text_of(each, "source");
      session.say("// Source " + source +
                  ", for mongosh. Of restore and drill nothing is checked "
                  "before they run.");
    }
    say_lines(session, each.value("commands", ""));
  }
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_doctor(Session& session) {
  if (session.arguments().has("schema")) {
    session.print(service::configuration_schema());
    return 0;
  }
  if (session.arguments().has("reference")) {
    session.print(service::configuration_reference());
    return 0;
  }
  if (session.arguments().has("grants")) return print_grants(session);
  const auto answer = service::doctor(session.setup(), session.context());
  for (const auto& row : list_of(answer.body, "advice")) say_advice(session, row);
  session.say("\n" + summary_of(answer.body));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

}  // namespace

CommandSpec doctor_command() {
  CommandSpec spec;
  spec.name = "doctor";
  spec.summary = "Check the machine, the configuration, sources and repositories.";
  spec.about =
      "Changes nothing, but makes the folders for state and cache where there are none. Every "
      "mistake in the configuration is named with its line, and how to mend it. Exit status 1 when "
      "there is an error, 3 when the configuration cannot be used.";
  spec.options = {
      {"grants", "", "Print the least rights of each job on MongoDB, as commands for mongosh."},
      {"schema", "", "Print the JSON Schema of the configuration file, for editors."},
      {"reference", "", "Print the reference of the configuration file, as Markdown."}};
  spec.examples = {
      {"lifeboat doctor", "what is wrong, and how to mend it"},
      {"lifeboat doctor --grants", "users for each job that may do no more"},
      {"lifeboat doctor --schema > lifeboat.schema.json", "completion and checks in an editor"}};
  spec.run = run_doctor;
  return spec;
}

}  // namespace lifeboat::cli
