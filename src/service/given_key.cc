#include "service/given_key.h"

#include "base/file.h"

namespace lifeboat::service {
namespace {

constexpr const char* kPassphrase = "LIFEBOAT_PASSPHRASE";

Result<Secret> read_key(const Setup& setup, const std::filesystem::path& file) {
  auto text = TRY(read_file(setup.working_directory / file));
  auto key = repository::parse_key_file(text);
  wipe(text);
  if (!key) return fail(std::move(key).error().add_context(file.string()));
  return key;
}

}  // namespace

std::string GivenKey::describe() const {
  if (!key_file.empty()) return "the key file " + key_file.string();
  return recipient.empty() ? kPassphrase : "the recipient's key " + recipient.string();
}

Result<repository::Credential> credential_of(const Setup& setup, const GivenKey& given) {
  if (!given.recipient.empty() && !given.key_file.empty())
    return fail(Code::usage, "--key-file and --recipient cannot be given together");
  if (!given.key_file.empty())
    return repository::Credential(repository::KeyFile{TRY(read_key(setup, given.key_file))});
  if (!given.recipient.empty())
    return repository::Credential(repository::RecipientKey{TRY(read_key(setup, given.recipient))});
  const auto found = setup.environment.find(kPassphrase);
  if (found == setup.environment.end() || found->second.empty())
    return fail(Error(Code::usage, "what opens the repository?")
                    .with_hint(std::string("Set ") + kPassphrase +
                               ", or give --key-file FILE or --recipient FILE."));
  return repository::Credential(repository::Passphrase{Secret::from_text(found->second)});
}

}  // namespace lifeboat::service
