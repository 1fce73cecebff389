#include "crypto/sealed_box.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/write_new.h"

namespace lifeboat::service {
namespace {

using repository::KeySlotInfo;
using repository::Role;

Json slot_json(const KeySlotInfo& slot) {
  return {{"id", slot.id}, {"kind", slot.kind}, {"role", name_of(slot.role)}, {"name", slot.name}};
}

Result<Role> role_of(const std::string& name) {
  for (const auto role : {Role::admin, Role::writer, Role::reader, Role::collector})
    if (name_of(role) == name) return role;
  return fail(Error(Code::usage, "--role: there is no \"" + name + "\"")
                  .with_hint("Write admin, writer, reader or collector."));
}

// The text of a new key file, already on disk and durable: a slot without its key is worth nothing.
Result<Secret> write_key_file(const std::filesystem::path& file) {
  auto text = TRY(repository::make_key_file(process_random()));
  const auto written = write_new(file, text);
  auto secret = repository::parse_key_file(view_of(text));
  wipe(text);
  TRY(written);
  return secret;
}

Result<Secret> passphrase_of(const Setup& setup, const std::string& variable) {
  const auto found = setup.environment.find(variable);
  if (found == setup.environment.end() || found->second.empty())
    return fail(Error(Code::usage, "the variable " + variable + " is not set")
                    .with_hint("Put the new passphrase there: it never stands on the command "
                               "line."));
  return Secret::from_text(found->second);
}

unsigned ways_given(const KeyCall& call) {
  return static_cast<unsigned>(!call.new_key_file.empty()) +
         static_cast<unsigned>(!call.passphrase_variable.empty()) +
         static_cast<unsigned>(!call.recipient.empty());
}

Result<repository::NewKey> new_key_of(const Setup& setup, const KeyCall& call) {
  repository::NewKey key;
  key.role = TRY(role_of(call.role));
  key.name = call.name.empty() ? call.role : call.name;
  if (ways_given(call) != 1)
    return fail(Error(Code::usage, "how will the new key be kept?")
                    .with_hint("Give one of --file, --passphrase-variable or --recipient."));
  if (!call.recipient.empty()) {
    key.recipient_public = TRY_CONTEXT("--recipient", from_hex(call.recipient));
  } else if (!call.passphrase_variable.empty()) {
    key.credential = repository::Credential(
        repository::Passphrase{TRY(passphrase_of(setup, call.passphrase_variable))});
  } else {
    key.credential = repository::Credential(
        repository::KeyFile{TRY(write_key_file(setup.working_directory / call.new_key_file))});
  }
  return key;
}

Result<KeySlotInfo> find_slot(const std::vector<KeySlotInfo>& slots, const std::string& wanted) {
  std::vector<KeySlotInfo> found;
  for (const auto& slot : slots)
    if (slot.name == wanted || (wanted.size() >= 4 && slot.id.starts_with(wanted)))
      found.push_back(slot);
  if (found.size() == 1) return found[0];
  return fail(
      Error(found.empty() ? Code::not_found : Code::usage,
            found.empty() ? "there is no key " + wanted : "more than one key is meant by " + wanted)
          .with_hint("`lifeboat key list` lists them; write the id."));
}

}  // namespace

Result<Answer> list_keys(const Setup& setup, const std::string& name, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(name, context));
  Answer answer;
  answer.body = {{"repository", name},
                 {"id", repository->id().hex()},
                 {"root_public", to_hex(repository->root_public())},
                 {"role", name_of(repository->role())},
                 {"keys", Json::array()}};
  for (const auto& slot : TRY(repository->keys())) answer.body["keys"].push_back(slot_json(slot));
  return answer;
}

Result<Answer> add_key(const Setup& setup, const KeyCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(call.repository, context));
  if (repository->role() != Role::admin)
    return fail(Error(Code::refused, "only an admin key can add keys")
                    .with_hint("`lifeboat key list` says which key is which."));
  const auto key = TRY(new_key_of(setup, call));
  const auto slot = TRY(repository->add_key(key, context));
  Answer answer;
  answer.body = {{"repository", call.repository}, {"key", slot_json(slot)}};
  if (!call.new_key_file.empty())
    answer.body["file"] = (setup.working_directory / call.new_key_file).string();
  return answer;
}

Result<Answer> remove_key(const Setup& setup, const std::string& name, const std::string& wanted,
                          const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(name, context));
  const auto slot = TRY(find_slot(TRY(repository->keys()), wanted));
  TRY(repository->remove_key(slot.id, context));
  Answer answer;
  answer.body = {{"repository", name}, {"key", slot_json(slot)}};
  return answer;
}

Result<Answer> make_key_file(const Setup& setup, const std::filesystem::path& file,
                             bool recipient) {
  const auto path = setup.working_directory / file;
  const auto secret = TRY(write_key_file(path));
  Answer answer{{{"file", path.string()}}, 0};
  if (recipient)
    answer.body["recipient"] = TRY(crypto::BoxKeyPair::from_seed(secret)).public_key().hex();
  return answer;
}

}  // namespace lifeboat::service
