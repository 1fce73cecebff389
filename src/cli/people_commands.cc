#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"
#include "service/people_calls.h"

namespace lifeboat::cli {
namespace {

Result<int> run_sign_off(Session& session) {
  const auto& arguments = session.arguments();
  service::SignOffCall call;
  call.service = arguments.text("service");
  call.id = arguments.text("ID");
  call.key = arguments.text("key");
  call.name = arguments.text("name");
  call.role = arguments.text("role");
  call.comment = arguments.text("comment");
  call.revoke = arguments.has("revoke");
  const auto answer = TRY(service::sign_off(session.setup(), call, session.context()));
  session.say(fmt::format("{} the drill {} of {} as {}, whose verdict is {}.",
                          call.revoke ? "Took back the signature on" : "Signed",
                          text_of(answer.body, "drill"), text_of(answer.body, "service"),
                          text_of(answer.body, "role"), text_of(answer.body, "verdict")));
  if (text_of(answer.body, "verdict") != "proven" && !call.revoke)
    session.say("A signature says that you read it; it changes no verdict.");
  session.say("Signature " + text_of(answer.body, "file"));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

void say_errors(Session& session, const Json& body) {
  for (const auto& error : list_of(body, "errors")) say_error(session, error);
}

Result<int> run_waive(Session& session) {
  const auto& arguments = session.arguments();
  service::WaiveCall call;
  call.service = arguments.text("SERVICE");
  call.check = arguments.text("CHECK");
  call.reason = arguments.text("reason");
  call.who = arguments.text("who");
  call.until = arguments.text("until");
  const auto answer = TRY(service::waive(session.setup(), call, session.context()));
  session.say(wrapped(
      fmt::format("Waived {} of {} until {}. Drills that begin before then say \"proven with "
                  "waivers\" at best, and do not count as proof for retention.",
                  text_of(answer.body, "check"), text_of(answer.body, "service"),
                  moment_of(answer.body, "until")),
      session.terminal().width, 0));
  say_errors(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

std::string day_of(const Json& item, const char* key) { return text_of(item, key).substr(0, 10); }

void say_open(Session& session, const Json& body) {
  Table table({{"FINDING"}, {"SINCE"}, {"DUE"}, {"FOR"}, {"WHAT", Align::left, true}});
  for (const auto& item : list_of(body, "findings"))
    table.add({text_of(item, "id"), day_of(item, "since"), day_of(item, "due"),
               text_of(item, "owner"), text_of(item, "subject") + ": " + text_of(item, "cause")},
              flag_of(item, "overdue") ? Style::bad
              : flag_of(item, "grave") ? Style::caution
                                       : Style::plain);
  session.say(session.colour(text_of(body, "service"), Style::bold));
  session.say(table.empty() ? "Nothing is open." : table.text(session.terminal()));
  for (const auto& item : list_of(body, "findings"))
    session.say(wrapped(text_of(item, "id") + " next: " + text_of(item, "next"),
                        session.terminal().width, 2));
  say_errors(session, body);
}

Result<int> run_findings(Session& session) {
  const auto names =
      TRY(service::service_names(session.setup(), session.arguments().list("SERVICE")));
  const auto ask = [&](const std::string& name) {
    return service::list_open_findings(session.setup(), name, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_open(session, body); });
}

Result<int> run_close(Session& session) {
  const auto& arguments = session.arguments();
  service::CloseCall call;
  call.service = arguments.text("service");
  call.id = arguments.text("ID");
  call.reason = arguments.text("reason");
  call.who = arguments.text("who");
  const auto answer = TRY(service::close_finding(session.setup(), call, session.context()));
  session.say(wrapped(
      "Closed: " + text_of(answer.body, "cause") + " If the next drill meets it, it is open again.",
      session.terminal().width, 0));
  say_errors(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec sign_off_spec() {
  CommandSpec spec;
  spec.name = "drill sign-off";
  spec.summary = "Sign the record of a drill with your own key.";
  spec.about =
      "The key is an Ed25519 private key without a passphrase, as `openssl genpkey -algorithm "
      "ed25519` makes it. The signature names the record by its digest and says which verdict you "
      "read. It is kept in the repository and beside the record.";
  spec.positionals = {{"ID", "The drill's id, its beginning, or latest."}};
  spec.options = {{"key", "FILE", "Your private key."},
                  {"name", "NAME", "Who you are."},
                  {"role", "ROLE", "As what you sign, such as \"head of operations\"."},
                  {"comment", "TEXT", "What you want to say."},
                  {"revoke", "", "Take back what this key signed before."},
                  {"service", "NAME", "Only of this service."}};
  spec.examples = {{"lifeboat drill sign-off latest --key ada.pem --name \"Ada L.\" --role owner",
                    "I read it, and this is my name"}};
  spec.run = run_sign_off;
  return spec;
}

CommandSpec waive_spec() {
  CommandSpec spec;
  spec.name = "drill waive";
  spec.summary = "Let a check fail until a day, with a name and a reason.";
  spec.about =
      "Later drills say \"proven with waivers\" everywhere. After that day the check counts again. "
      "A later waiver of the same check takes the place of this one: --until 0s ends it.";
  spec.positionals = {{"SERVICE", "Of this service."},
                      {"CHECK", "The check's id, as `lifeboat drill show` prints it."}};
  spec.options = {{"reason", "TEXT", "Why that is acceptable."},
                  {"who", "NAME", "Who answers for it."},
                  {"until", "TIME", "A day, a moment, or a time from now such as 14d."}};
  spec.examples = {
      {"lifeboat drill waive shop blobs.db.images --reason \"ticket 42\" --who Ada "
       "--until 14d",
       "for two weeks"}};
  spec.run = run_waive;
  return spec;
}

CommandSpec findings_spec() {
  CommandSpec spec;
  spec.name = "findings";
  spec.summary = "List what drills found and nobody has closed: overdue ones exit with 1.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.examples = {{"lifeboat findings", "what is to be done, by whom, until when"}};
  spec.run = run_findings;
  return spec;
}

CommandSpec close_spec() {
  CommandSpec spec;
  spec.name = "findings close";
  spec.summary = "Close a finding; met again, it opens again.";
  spec.positionals = {{"ID", "The finding's id or its beginning."}};
  spec.options = {{"reason", "TEXT", "What was done."},
                  {"who", "NAME", "Who says so."},
                  {"service", "NAME", "Only of this service."}};
  spec.examples = {
      {"lifeboat findings close 4f2a81c09b --reason \"more disk\" --who Ada", "it is mended"}};
  spec.run = run_close;
  return spec;
}

}  // namespace

std::vector<CommandSpec> people_commands() {
  return {sign_off_spec(), waive_spec(), findings_spec(), close_spec()};
}

}  // namespace lifeboat::cli
