#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

constexpr std::size_t kShortest = 16;

Result<std::string> repository_of(const Session& session) {
  return service::only_repository(session.setup(), session.arguments().text("repository"));
}

Result<int> run_list_keys(Session& session) {
  const auto name = TRY(repository_of(session));
  const auto answer = TRY(service::list_keys(session.setup(), name, session.context()));
  Table table({{"KEY"}, {"OPENED BY"}, {"ROLE"}, {"NAME", Align::left, true}});
  for (const auto& key : list_of(answer.body, "keys"))
    table.add({text_of(key, "id").substr(0, kShortest), text_of(key, "kind"), text_of(key, "role"),
               text_of(key, "name")});
  session.say(table.text(session.terminal()));
  session.say("Repository " + text_of(answer.body, "id"));
  session.say("Public key " + text_of(answer.body, "root_public"));
  session.say(
      wrapped("The public key vouches for the evidence of drills: write it down, and check "
              "with `lifeboat drill verify-evidence FILE --key KEY`.",
              session.terminal().width, 0));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_add(Session& session) {
  const auto& arguments = session.arguments();
  service::KeyCall call;
  call.repository = TRY(repository_of(session));
  if (arguments.has("role")) call.role = arguments.text("role");
  call.name = arguments.text("name");
  call.new_key_file = arguments.text("file");
  call.passphrase_variable = arguments.text("passphrase-variable");
  call.recipient = arguments.text("recipient");
  const auto answer = TRY(service::add_key(session.setup(), call, session.context()));
  const Json& key = answer.body["key"];
  session.say(fmt::format("Added key {} for the role {}, called {}.",
                          text_of(key, "id").substr(0, kShortest), text_of(key, "role"),
                          text_of(key, "name")));
  if (answer.body.contains("file"))
    session.say("It is the file " + text_of(answer.body, "file") + ": whoever reads it has it.");
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_remove(Session& session) {
  const auto name = TRY(repository_of(session));
  const auto wanted = session.arguments().text("KEY");
  TRY(session.confirm("Whoever has only the key " + printable(wanted) +
                      " can open the repository " + name + " no more."));
  const auto answer = TRY(service::remove_key(session.setup(), name, wanted, session.context()));
  session.say(
      wrapped("Removed. Whoever opened the repository with it before may have kept what "
              "it protected: a key that leaked needs a new repository.",
              session.terminal().width, 0));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_generate(Session& session) {
  const auto& arguments = session.arguments();
  const auto answer = TRY(
      service::make_key_file(session.setup(), arguments.text("FILE"), arguments.has("recipient")));
  const auto file = text_of(answer.body, "file");
  const auto width = session.terminal().width;
  if (answer.body.contains("recipient")) {
    const auto key = text_of(answer.body, "recipient");
    session.say(
        wrapped("Wrote " + file + ": move it to a safe place away from this machine.", width, 0));
    session.say("Its public key is " + key + ". Next:");
    session.say("  lifeboat key add --role reader --name escrow --recipient " + key);
  } else {
    session.say(wrapped(
        "Wrote " + file + ". Without it nothing can be restored: keep a copy somewhere else.",
        width, 0));
  }
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

const OptionSpec kRepository{"repository", "NAME",
                             "Of this one; may be left out when there is one."};

CommandSpec key_spec() {
  CommandSpec spec;
  spec.name = "key";
  spec.summary = "List, add and remove what opens a repository.";
  return spec;
}

CommandSpec list_keys_spec() {
  CommandSpec spec;
  spec.name = "key list";
  spec.summary = "List the keys, and the public key that vouches for evidence.";
  spec.options = {kRepository};
  spec.examples = {{"lifeboat key list", "who can open it, and for what"}};
  spec.run = run_list_keys;
  return spec;
}

CommandSpec add_spec() {
  CommandSpec spec;
  spec.name = "key add";
  spec.summary = "Add a key: for another machine, another role, or safekeeping.";
  spec.about =
      "Roles: admin does everything; writer takes backups and cannot read them; reader restores "
      "and drills; collector forgets and prunes.";
  spec.options = {
      kRepository,
      {"role", "ROLE", "admin, writer, reader or collector; else writer."},
      {"name", "NAME", "What to call it; else as the role."},
      {"file", "FILE", "Make a key file here, for `key: {file: …}` of the configuration."},
      {"passphrase-variable", "NAME", "The environment variable that holds a new passphrase."},
      {"recipient", "HEX", "A public key that `lifeboat key generate --recipient` printed."}};
  spec.examples = {
      {"lifeboat key add --role writer --file writer.key", "for a host that only takes backups"},
      {"lifeboat key add --role admin --passphrase-variable NEW", "a second passphrase"}};
  spec.run = run_add;
  return spec;
}

CommandSpec remove_spec() {
  CommandSpec spec;
  spec.name = "key remove";
  spec.summary = "Remove a key: it opens the repository no more.";
  spec.positionals = {{"KEY", "Its id, the beginning of it, or its name."}};
  spec.options = {kRepository};
  spec.examples = {{"lifeboat key remove old-laptop", "by its name"}};
  spec.run = run_remove;
  return spec;
}

CommandSpec generate_spec() {
  CommandSpec spec;
  spec.name = "key generate";
  spec.summary = "Make a key file, for a repository that is made next.";
  spec.about =
      "With --recipient it is half of a pair: the file stays in safekeeping (a safe, another "
      "building), and only its public key is given to the repository. `key: {recipient: FILE}` in "
      "the configuration, or `lifeboat init --from-repository URL --recipient FILE`, opens it.";
  spec.positionals = {{"FILE", "The file to write; never over anything."}};
  spec.options = {{"recipient", "", "Make an X25519 key pair for safekeeping instead."}};
  spec.examples = {{"lifeboat key generate /etc/lifeboat/key", "then `key: {file: …}` and init"},
                   {"lifeboat key generate --recipient /media/usb/escrow.key", "for the safe"}};
  spec.run = run_generate;
  return spec;
}

}  // namespace

std::vector<CommandSpec> key_commands() {
  return {key_spec(), list_keys_spec(), add_spec(), remove_spec(), generate_spec()};
}

}  // namespace lifeboat::cli
