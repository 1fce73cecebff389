#include "repository/key_slot.h"

#include <algorithm>

#include "crypto/sealed_box.h"
#include "repository/certificate.h"
#include "repository/role_bundle.h"
#include "repository/sealed.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kSlotBoxSize = 32 + crypto::kBoxOverhead;

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

SlotKind kind_of(const Credential& credential) {
  return static_cast<SlotKind>(credential.index() + 1);
}

Result<void> read_kind_fields(ByteReader& reader, KeySlot& slot) {
  if (slot.kind == SlotKind::passphrase) {
    slot.salt = TRY(reader.raw(crypto::kArgon2SaltSize));
    slot.cost.memory_bytes = TRY(reader.u64());
    slot.cost.passes = TRY(reader.u32());
  }
  if (slot.kind == SlotKind::recipient) {
    slot.recipient = TRY(reader.raw(crypto::BoxPublicKey::kSize));
    slot.box = TRY(reader.raw(kSlotBoxSize));
  }
  return {};
}

// A key file's K does not depend on the repository, so that a damaged config is told from a wrong
// key.
Secret key_of_file(const Secret& bytes) {
  return crypto::hkdf_sha256(bytes.view(), {}, "lifeboat 1 key file", 32);
}

Result<Secret> slot_key(const KeySlot& slot, const Passphrase& passphrase) {
  return crypto::argon2id(passphrase.text, slot.salt, slot.cost);
}

Result<Secret> slot_key(const KeySlot&, const KeyFile& file) {
  if (file.bytes.size() != kKeyFileSize)
    return fail(Code::usage, "a key file holds 32 bytes as 64 hexadecimal digits");
  return key_of_file(file.bytes);
}

Result<Secret> slot_key(const KeySlot& slot, const RecipientKey& recipient) {
  if (recipient.seed.size() != crypto::BoxKeyPair::kSeedSize)
    return fail(Code::usage, "a recipient's key holds 32 bytes as 64 hexadecimal digits");
  const auto pair = TRY(crypto::BoxKeyPair::from_seed(recipient.seed));
  if (!std::ranges::equal(pair.public_key().view(), slot.recipient))
    return fail(Code::wrong_key, "the slot is for another recipient");
  return crypto::open_sealed(pair, slot.box);
}

void begin_slot(ByteWriter& writer, const RoleKeys& keys, SlotKind kind) {
  writer.raw(make_prefix(ObjectType::key_slot)).u8(static_cast<std::uint8_t>(kind));
  writer.u8(static_cast<std::uint8_t>(keys.role)).sized(keys.name);
}

Result<Bytes> finish_slot(const RoleKeys& keys, const Secret& key, Bytes clear, Random& random) {
  auto bundle = encode_bundle(keys);
  const PartSpec spec{PartType::role_bundle, keys.repository, kKeysName, clear};
  auto sealed = seal_part(spec, key.view(), view_of(bundle), random);
  wipe(bundle);
  append(clear, TRY(std::move(sealed)));
  return clear;
}

Result<Bytes> slot_for(const RoleKeys& keys, const Passphrase& passphrase, Random& random) {
  if (passphrase.text.empty()) return fail(Code::usage, "the passphrase is empty");
  ByteWriter writer;
  begin_slot(writer, keys, SlotKind::passphrase);
  const crypto::Argon2Cost cost;
  const auto salt = random.array<crypto::kArgon2SaltSize>();
  writer.raw(salt).u64(cost.memory_bytes).u32(static_cast<std::uint32_t>(cost.passes));
  const auto key = TRY(crypto::argon2id(passphrase.text, salt, cost));
  return finish_slot(keys, key, writer.take(), random);
}

Result<Bytes> slot_for(const RoleKeys& keys, const KeyFile& file, Random& random) {
  const auto key = TRY(slot_key(KeySlot{}, file));
  ByteWriter writer;
  begin_slot(writer, keys, SlotKind::key_file);
  return finish_slot(keys, key, writer.take(), random);
}

Result<Bytes> slot_for(const RoleKeys& keys, const RecipientKey& recipient, Random& random) {
  const auto pair = TRY(crypto::BoxKeyPair::from_seed(recipient.seed));
  return make_recipient_slot(keys, pair.public_key().view(), random);
}

}  // namespace

std::string_view name_of(SlotKind kind) {
  switch (kind) {
    case SlotKind::passphrase:
      return "passphrase";
    case SlotKind::key_file:
      return "key-file";
    case SlotKind::recipient:
      return "recipient";
  }
  return "unknown kind";
}

Result<KeySlot> parse_slot(ByteView object) {
  ByteReader reader(TRY(strip_prefix(object, ObjectType::key_slot)));
  KeySlot slot;
  const auto kind = TRY(reader.u8());
  if (kind < 1 || kind > 3) return fail(Code::corrupt, "a key slot of a kind that does not exist");
  slot.kind = static_cast<SlotKind>(kind);
  slot.role = TRY(parse_role(TRY(reader.u8())));
  slot.name = TRY(parse_role_name(TRY(reader.sized(kMaxRoleName))));
  TRY(read_kind_fields(reader, slot));
  slot.clear = object.first(object.size() - reader.remaining());
  slot.sealed = object.last(reader.remaining());
  return slot;
}

Result<RoleKeys> open_slot(const KeySlot& slot, const RepositoryId& repository,
                           const Credential& credential) {
  if (kind_of(credential) != slot.kind) return fail(Code::wrong_key, "the slot is of another kind");
  const auto key =
      TRY(std::visit([&](const auto& each) { return slot_key(slot, each); }, credential));
  const PartSpec spec{PartType::role_bundle, repository, kKeysName, slot.clear};
  auto plain = TRY(open_part(spec, key.view(), slot.sealed));
  auto keys = decode_bundle(plain);
  wipe(plain);
  if (!keys) return keys;
  if (keys->role != slot.role || keys->name != slot.name || keys->repository != repository)
    return fail(Code::corrupt, "a key slot that holds another role than it says");
  return keys;
}

Result<Bytes> make_slot(const RoleKeys& keys, const Credential& credential, Random& random) {
  return std::visit([&](const auto& each) { return slot_for(keys, each, random); }, credential);
}

Result<Bytes> make_recipient_slot(const RoleKeys& keys, ByteView recipient_public, Random& random) {
  if (recipient_public.size() != crypto::BoxPublicKey::kSize)
    return fail(Code::usage, "a recipient's public key has 64 hexadecimal digits");
  Secret key(32);
  random.fill(key.span());
  const auto recipient = TRY(crypto::BoxPublicKey::from(recipient_public));
  ByteWriter writer;
  begin_slot(writer, keys, SlotKind::recipient);
  writer.raw(recipient_public).raw(TRY(crypto::seal_to(recipient, key.view())));
  return finish_slot(keys, key, writer.take(), random);
}

Result<Secret> parse_key_file(ByteView text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text = text.first(text.size() - 1);
  constexpr std::string_view kForm = "a key file holds 64 hexadecimal digits and nothing else";
  if (text.size() != 2 * kKeyFileSize) return fail(Code::usage, std::string(kForm));
  auto digits = to_text(text);
  auto bytes = from_hex(digits);
  wipe(digits);
  if (!bytes) return fail(Code::usage, std::string(kForm));
  Secret secret(*bytes);
  wipe(*bytes);
  return secret;
}

Result<std::string> make_key_file(Random& random) { return random.hex(kKeyFileSize) + "\n"; }

}  // namespace lifeboat::repository
