#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/words.h"
#include "service/evidence_calls.h"

namespace lifeboat::cli {
namespace {

void say_record(Session& session, const Json& record) {
  const Json& evidence = record["evidence"];
  const auto verdict = text_of(evidence, "verdict");
  session.say(fmt::format(
      "{} {} of {}, {}{}", session.colour("The signature is good:", Style::good),
      text_of(evidence, "kind"), text_of(evidence, "service"), moment_of(evidence, "ended"),
      verdict.empty() ? "" : ". Its verdict is " + verdict));
  session.say("Signed by   " + text_of(record, "signer") + " " + text_of(record, "signer_key"));
  session.say("Vouched for " + text_of(record, "root_public"));
}

std::string next_of(const std::string& defect) {
  if (defect == "unreadable") return "Fetch the file again: the repository keeps the record too.";
  if (defect == "other_key") return "Compare with what `lifeboat key list` prints.";
  if (defect == "gap") return "Ask for the missing record; the repository keeps them all.";
  if (defect == "reordered") return "Give the files in the order the drills were made.";
  return "Do not rely on it; ask where the file was, and look for it in the repository.";
}

void say_doubt(Session& session, const Json& doubt) {
  const auto defect = text_of(doubt, "defect");
  session.say(wrapped(fmt::format("{} {}: {}", session.colour("Not believed:", Style::bad),
                                  text_of(doubt, "file"), text_of(doubt, "message")),
                      session.terminal().width, 0));
  session.say(session.colour("hint:", Style::bold) + " " + next_of(defect));
}

void say_whose_word_it_is(Session& session, const Json& body) {
  if (flag_of(body, "key_known")) return;
  session.say(
      wrapped("Whoever made this file wrote these keys into it: compare the last with what "
              "`lifeboat key list` prints as the public key of the repository, or give it with "
              "--key.",
              session.terminal().width, 0));
}

Result<int> run_verify_evidence(Session& session) {
  service::VerifyCall call;
  for (const auto& file : session.arguments().list("FILE")) call.files.emplace_back(file);
  call.key = session.arguments().text("key");
  call.service = session.arguments().text("service");
  const auto answer = TRY(service::verify_evidence(session.setup(), call));
  const auto& records = list_of(answer.body, "records");
  for (const auto& record : records) say_record(session, record);
  if (answer.body.contains("doubt")) {
    say_doubt(session, answer.body["doubt"]);
  } else {
    if (records.size() > 1)
      session.say(fmt::format("{} records, each follows the one before.", records.size()));
    say_whose_word_it_is(session, answer.body);
  }
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

CommandSpec verify_spec() {
  CommandSpec spec;
  spec.name = "drill verify-evidence";
  spec.summary = "Check the record of a drill or restore; needs no repository.";
  spec.about =
      "The record is a DSSE envelope with an in-toto statement. Several are checked as a chain: "
      "each names the one before. Exit status 1 when something is not believed.";
  spec.positionals = {
      {"FILE", "The signed record, a .json file; several in their order.", true, true}};
  spec.options = {{"key", "KEY",
                   "The public key that must have signed or vouched for it: hex, PEM, or a file."},
                  {"service", "NAME", "The service it must be of."}};
  spec.examples = {{"lifeboat drill verify-evidence drill.json --key repository.pem",
                    "is it what was signed, and by whom?"}};
  spec.run = run_verify_evidence;
  return spec;
}

}  // namespace

std::vector<CommandSpec> evidence_commands() { return {verify_spec()}; }

}  // namespace lifeboat::cli
