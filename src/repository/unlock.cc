#include "repository/unlock.h"

#include <optional>

#include "repository/key_slot.h"
#include "repository/store.h"

namespace lifeboat::repository {
namespace {

// More than anybody needs; a storage that plants slots cannot make us try keys for ever.
constexpr std::size_t kMaxSlots = 256;

// What was met on the way, to say afterwards why nothing opened.
struct Tried {
  std::size_t slots = 0;
  std::size_t of_this_kind = 0;
  std::size_t damaged = 0;
  std::optional<Error> failure;  // of a slot that this very credential belongs to
};

std::string describe_kind(const Credential& credential) {
  switch (credential.index()) {
    case 0:
      return "passphrase";
    case 1:
      return "key file";
    default:
      return "recipient's key";
  }
}

Result<RoleKeys> try_slot(ByteView object, const ConfigObject& config, const Credential& credential,
                          Tried& tried) {
  const auto slot = TRY(parse_slot(object));
  if (static_cast<std::size_t>(slot.kind) != credential.index() + 1)
    return fail(Code::wrong_key, "a slot of another kind");
  ++tried.of_this_kind;
  auto keys = TRY(open_slot(slot, config.id, credential));
  if (keys.config_hash != config.hash)
    return fail(Code::corrupt, "the object `config` was changed since the repository was made");
  return keys;
}

Failure explain_slots_gone(const Tried& tried) {
  if (tried.slots == 0)
    return fail(Error(Code::corrupt, "the repository has no key slots: they were removed or lost")
                    .with_hint("Bring back the folder keys/ from a copy of the repository."));
  return fail(
      Error(Code::corrupt, std::to_string(tried.damaged) + " of " + std::to_string(tried.slots) +
                               " key slots are damaged, and no whole one opens with this key")
          .with_hint("Bring back the folder keys/ from a copy of the repository; "
                     "then the key can be told right or wrong."));
}

Failure explain(const Tried& tried, const Credential& credential) {
  if (tried.failure) return fail(*tried.failure);
  if (tried.slots == 0 || tried.damaged != 0) return explain_slots_gone(tried);
  const auto kind = describe_kind(credential);
  if (tried.of_this_kind == 0)
    return fail(Code::wrong_key, "the repository has no key slot for a " + kind);
  return fail(Code::wrong_key, "the " + kind + " opens none of the repository's key slots");
}

// A wrong key is expected of every slot but one; anything else is kept for the explanation.
Result<void> note_failure(Error error, Tried& tried) {
  if (error.code() == Code::usage || error.code() == Code::unavailable) return fail(error);
  if (error.code() != Code::wrong_key && !tried.failure) tried.failure = std::move(error);
  return {};
}

}  // namespace

Result<Unlocked> unlock(storage::Backend& backend, const ConfigObject& config,
                        const Credential& credential) {
  Tried tried;
  for (const auto& info : TRY(list_sorted(backend, "keys/"))) {
    if (++tried.slots > kMaxSlots) return fail(Code::corrupt, "there are far too many key slots");
    const auto object = get_hashed(backend, info.key, kMaxSlot);
    if (!object && object.error().code() == Code::corrupt) ++tried.damaged;
    if (!object && object.error().code() != Code::corrupt) return fail(object.error());
    if (!object) continue;
    auto keys = try_slot(*object, config, credential, tried);
    if (keys) return Unlocked{std::move(*keys), info.key.substr(kKeysName.size())};
    TRY(note_failure(std::move(keys).error().add_context(info.key), tried));
  }
  return explain(tried, credential);
}

}  // namespace lifeboat::repository
