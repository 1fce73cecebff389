#include <algorithm>

#include "crypto/hash.h"
#include "repository/format_repository.h"
#include "repository/key_slot.h"

namespace lifeboat::repository {
namespace {

Result<KeySlotInfo> describe_slot(std::string id, ByteView object) {
  const auto slot = TRY(parse_slot(object));
  return KeySlotInfo{std::move(id), std::string(name_of(slot.kind)), slot.role, slot.name};
}

KeySlotInfo damaged_slot(std::string id) {
  return {std::move(id), "damaged", Role::admin, "(damaged)"};
}

Result<Bytes> wrap(const RoleKeys& keys, const NewKey& wanted, Random& random) {
  if (wanted.recipient_public.has_value() == wanted.credential.has_value())
    return fail(Code::usage, "a new key needs either a credential or a recipient's public key");
  if (wanted.recipient_public) return make_recipient_slot(keys, *wanted.recipient_public, random);
  return make_slot(keys, *wanted.credential, random);
}

bool opens_as_admin(const KeySlotInfo& slot) {
  return slot.role == Role::admin && slot.kind != "damaged";
}

}  // namespace

Result<std::vector<KeySlotInfo>> FormatRepository::keys() {
  std::vector<KeySlotInfo> slots;
  for (const auto& info : TRY(list_sorted(*store_.backend, std::string(kKeysName)))) {
    auto id = info.key.substr(kKeysName.size());
    const auto object = get_hashed(*store_.backend, info.key, kMaxSlot);
    if (!object && object.error().code() != Code::corrupt) return fail(object.error());
    auto described = object ? describe_slot(id, *object) : fail(object.error());
    slots.push_back(described ? std::move(*described) : damaged_slot(std::move(id)));
  }
  return slots;
}

Result<KeySlotInfo> FormatRepository::add_key(const NewKey& key, const RunContext& context) {
  TRY(require_role(store_, {Role::admin}, "add keys"));
  RoleGrant grant;
  grant.repository = store_.config.id;
  grant.config_hash = store_.config.hash;
  grant.role = key.role;
  grant.name = key.name;
  const auto& recipients = store_.keys.recipients;
  grant.more_recipients.assign(recipients.begin() + 1, recipients.end());
  const auto keys = TRY(grant_role(store_.keys.root, grant, context.random));
  const auto slot = TRY(wrap(keys, key, context.random));
  return describe_slot(TRY(put_hashed(*store_.backend, kKeysName, slot)), slot);
}

Result<void> FormatRepository::remove_key(const std::string& slot_id, const RunContext& context) {
  TRY(require_role(store_, {Role::admin}, "remove keys"));
  TRY(context.check_stop());
  const auto slots = TRY(keys());
  const auto found = std::ranges::find(slots, slot_id, &KeySlotInfo::id);
  if (found == slots.end()) return fail(Code::not_found, "there is no key slot " + slot_id);
  // The slot this program was opened with is known to open; others are only said to be an admin's.
  const bool another = std::ranges::any_of(
      slots, [&](const KeySlotInfo& slot) { return opens_as_admin(slot) && slot.id != slot_id; });
  if (opens_as_admin(*found) && !another)
    return fail(Error(Code::refused, "this is the last key slot of the role admin")
                    .with_hint("Add another admin key first."));
  return store_.backend->remove(std::string(kKeysName) + slot_id);
}

}  // namespace lifeboat::repository
