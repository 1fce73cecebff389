#include "service/init.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/session.h"
#include "cli/table.h"

namespace lifeboat::cli {
namespace {

constexpr const char* kDefaultOutput = "lifeboat.yaml";

std::string next_steps(const Json& body) {
  return fmt::format(
      "\nWrote {}. Read it, then:\n\n"
      "  export LIFEBOAT_PASSPHRASE='…'   a long passphrase that is also kept somewhere else\n"
      "  lifeboat init                    makes the repository in {}\n"
      "  lifeboat doctor                  checks everything\n"
      "  lifeboat backup {}\n",
      text_of(body, "file"), text_of(body, "repository"), text_of(body, "service"));
}

void say_found(Session& session, const Json& body) {
  Table sources(
      {{"SOURCE"}, {"TYPE"}, {"PATH", Align::left, true}, {"FOUND AS", Align::left, true}});
  for (const auto& source : list_of(body, "sources"))
    sources.add({text_of(source, "name"), text_of(source, "type"), text_of(source, "path"),
                 text_of(source, "reason")});
  session.say(sources.text(session.terminal()));
  for (const auto& foreign : list_of(body, "foreign"))
    session.say(session.colour(fmt::format("{}: {} ({})",
                                           flag_of(foreign, "can_be_drilled")
                                               ? "Can be drilled as it is; the file says how"
                                               : "Not protected by this version",
                                           text_of(foreign, "what"), text_of(foreign, "where")),
                               Style::caution));
  if (!flag_of(body, "all_seen"))
    session.say("Not everything was looked at: the folder is large or deep.");
}

Result<int> write_configuration(Session& session) {
  const auto& arguments = session.arguments();
  service::InitRequest request;
  request.directory = arguments.text("DIRECTORY");
  request.output = arguments.has("output") ? arguments.text("output") : kDefaultOutput;
  request.service = arguments.text("name");
  request.repository = arguments.text("repository");
  const auto answer = TRY(service::init_configuration(session.setup(), request, session.context()));
  say_found(session, answer.body);
  session.say(next_steps(answer.body));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> make_repositories(Session& session) {
  const auto answer = TRY(service::init_repositories(session.setup(), "", session.context()));
  session.say("The configuration is " + text_of(answer.body, "file") + ".");
  bool made = false;
  for (const auto& row : list_of(answer.body, "repositories")) {
    made = made || flag_of(row, "made");
    session.say(fmt::format("{} repository {}: {}", flag_of(row, "made") ? "Made" : "There is",
                            text_of(row, "name"), text_of(row, "medium")));
  }
  if (made)
    session.say(
        "\nWithout its key nothing can be restored: keep the passphrase or key file somewhere else "
        "too.");
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

bool has_configuration(const Session& session) {
  const auto& setup = session.setup();
  if (session.arguments().has("output")) return false;
  if (!setup.config.empty() || setup.environment.contains("LIFEBOAT_CONFIG")) return true;
  std::error_code ignored;
  return std::filesystem::exists(setup.working_directory / kDefaultOutput, ignored);
}

void say_unplaced(Session& session, const Json& body) {
  std::string names;
  for (const auto& name : list_of(body, "repositories"))
    names += (names.empty() ? "" : ", ") + name.get<std::string>();
  session.say(session.colour(
      fmt::format("Which of its repositories ({}) was opened cannot be told, so none was changed. "
                  "Give the one that it is the url and the key that the head of the file names.",
                  names),
      Style::caution));
}

Result<int> recover(Session& session) {
  const auto& arguments = session.arguments();
  service::RecoverRequest request;
  request.url = arguments.text("from-repository");
  request.key_file = arguments.text("key-file");
  request.recipient = arguments.text("recipient");
  request.service = arguments.text("name");
  request.output = arguments.has("output") ? arguments.text("output") : kDefaultOutput;
  const auto answer =
      TRY(service::recover_configuration(session.setup(), request, session.context()));
  session.say(fmt::format("Wrote {}, as snapshot {} carries it.", text_of(answer.body, "file"),
                          text_of(answer.body["snapshot"], "id").substr(0, 10)));
  if (answer.body["repository"].is_null()) say_unplaced(session, answer.body);
  session.say(
      "\nSet the variables it names, check where it says the repository is, then:\n\n"
      "  lifeboat doctor                  says what is missing on this machine\n"
      "  lifeboat restore --to DIRECTORY  brings the data back");
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

// What a new configuration should hold cannot be put into the one that is there.
Result<void> check_plain(const Session& session) {
  for (const auto* word : {"DIRECTORY", "name", "repository"})
    if (session.arguments().has(word))
      return fail(Error(Code::exists, "there is a configuration already")
                      .with_hint("`lifeboat init` alone makes the repositories it names; with "
                                 "--output FILE another configuration is written."));
  return {};
}

Result<int> run_init(Session& session) {
  if (session.arguments().has("from-repository")) return recover(session);
  if (!has_configuration(session)) return write_configuration(session);
  TRY(check_plain(session));
  return make_repositories(session);
}

}  // namespace

CommandSpec init_command() {
  CommandSpec spec;
  spec.name = "init";
  spec.summary = "Write a first lifeboat.yaml; with one, make its repositories.";
  spec.about =
      "Without a configuration: looks below DIRECTORY for SQLite databases and folders of uploads, "
      "in .env, "
      "docker-compose.yml and crontabs, and writes a commented lifeboat.yaml that works. With one: "
      "makes the "
      "repositories it names that are not there yet. Nothing is ever overwritten.";
  spec.positionals = {{"DIRECTORY", "The application's directory; else the current one.", false}};
  spec.options = {{"output", "FILE", "Write the configuration here instead of ./lifeboat.yaml."},
                  {"name", "SERVICE", "What to call the service; else as the directory."},
                  {"repository", "DIR", "Where snapshots will be kept."},
                  {"from-repository", "URL", "Recover the configuration of the newest snapshot."},
                  {"key-file", "FILE", "Opens that repository; else LIFEBOAT_PASSPHRASE."},
                  {"recipient", "FILE", "Opens it with a recipient's key file instead."}};
  spec.examples = {{"lifeboat init /srv/shop", "write lifeboat.yaml for the shop"},
                   {"lifeboat init", "with a lifeboat.yaml: make its repositories"},
                   {"lifeboat init --from-repository /mnt/backup", "on a new machine"}};
  spec.run = run_init;
  return spec;
}

}  // namespace lifeboat::cli
