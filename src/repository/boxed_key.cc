#include "repository/boxed_key.h"

#include <algorithm>

#include "crypto/sealed_box.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kKeyBoxSize = kBoxedKeySize + crypto::kBoxOverhead;
constexpr std::size_t kMaxKeyBoxes = 64;

}  // namespace

Result<Bytes> box_key(const RoleKeys& keys, const Secret& key) {
  ByteWriter writer;
  writer.u16(static_cast<std::uint16_t>(keys.recipients.size()));
  for (const auto& each : keys.recipients) {
    const auto recipient = TRY(crypto::BoxPublicKey::from(each));
    writer.raw(each).raw(TRY(crypto::seal_to(recipient, key.view())));
  }
  return writer.take();
}

Result<std::vector<KeyBox>> parse_boxes(ByteReader& reader) {
  const auto count = TRY(reader.u16());
  if (count > kMaxKeyBoxes) return fail(Code::corrupt, "a key with far too many recipients");
  std::vector<KeyBox> boxes;
  for (unsigned i = 0; i < count; ++i)
    boxes.push_back({TRY(reader.raw(crypto::BoxPublicKey::kSize)), TRY(reader.raw(kKeyBoxSize))});
  return boxes;
}

Result<Secret> open_boxed_key(const RoleKeys& keys, const std::vector<KeyBox>& boxes,
                              const std::string& of) {
  if (keys.box_seed.empty())
    return fail(Error(Code::wrong_key, "this key may write but not read " + of)
                    .with_hint("Use a key of the role reader or admin."));
  const auto pair = TRY(crypto::BoxKeyPair::from_seed(keys.box_seed));
  for (const auto& each : boxes) {
    if (!std::ranges::equal(each.recipient, pair.public_key().view())) continue;
    auto key = TRY(crypto::open_sealed(pair, each.box));
    if (key.size() != kBoxedKeySize) return fail(Code::corrupt, "a key of wrong size for " + of);
    return key;
  }
  return fail(Code::wrong_key,
              "the key of these " + of + " was not sealed to this repository's readers");
}

}  // namespace lifeboat::repository
