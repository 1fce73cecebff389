#include "repository/sealed.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/derive.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "repository/certificate.h"
#include "repository/frame.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kCommitmentSize = 32;
constexpr std::size_t kPlainHeader = 5;
constexpr std::size_t kCompressFrom = 64;  // shorter texts only grow

enum class ObjectMethod : std::uint8_t { none = 0, zstd = 1 };

Bytes associated_data(const PartSpec& spec) {
  ByteWriter writer;
  writer.raw(spec.repository.view()).u8(static_cast<std::uint8_t>(spec.type)).u16(kFormat);
  writer.sized(spec.name).raw(spec.clear);
  return writer.take();
}

Bytes with_header(ObjectMethod method, std::size_t raw, ByteView body) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(method)).u32(static_cast<std::uint32_t>(raw)).raw(body);
  return writer.take();
}

Result<Bytes> pack_plain(ByteView plain) {
  if (plain.size() > kMaxPlain) return fail(Code::internal, "more than one sealed part can hold");
  if (plain.size() < kCompressFrom) return with_header(ObjectMethod::none, plain.size(), plain);
  const auto frame = TRY(compress_frame(plain, 3));
  if (frame.size() >= plain.size()) return with_header(ObjectMethod::none, plain.size(), plain);
  return with_header(ObjectMethod::zstd, plain.size(), frame);
}

Result<Bytes> unpack_plain(ByteView packed) {
  ByteReader reader(packed);
  const auto method = TRY(reader.u8());
  const auto raw = TRY(reader.u32());
  if (raw > kMaxPlain) return fail(Code::corrupt, "a sealed part that is larger than it may be");
  const auto body = packed.subspan(kPlainHeader);
  if (method == static_cast<std::uint8_t>(ObjectMethod::zstd)) return decompress_frame(body, raw);
  if (method != static_cast<std::uint8_t>(ObjectMethod::none) || body.size() != raw)
    return fail(Code::corrupt, "a sealed part of an impossible form");
  return to_bytes(body);
}

crypto::Digest signed_hash(const RoleKeys& keys, std::string_view name, ByteView object) {
  ByteWriter head;
  head.raw("lifeboat 1 signed").raw(keys.repository.view()).sized(name);
  crypto::Sha256 hash;
  hash.update(head.bytes());
  hash.update(object);
  return hash.finish();
}

}  // namespace

PartKey derive_part_key(ByteView key, ByteView salt, PartType type) {
  ByteWriter context;
  context.raw(salt).u8(static_cast<std::uint8_t>(type));
  const auto okm = crypto::hkdf_sha256(key, context.bytes(), "lifeboat 1 sealed", 64);
  return {Secret(okm.view().first(32)), to_bytes(okm.view().last(32))};
}

Result<Bytes> seal_part(const PartSpec& spec, ByteView key, ByteView plain, Random& random) {
  if (key.size() != 32) return fail(Code::wrong_key, "this role does not hold the key for that");
  auto packed = TRY(pack_plain(plain));
  Bytes sealed(kSaltSize);
  random.fill(sealed);
  const auto part = derive_part_key(key, sealed, spec.type);
  append(sealed, part.commitment);
  crypto::Aead(part.aes.view()).seal(0, associated_data(spec), packed, sealed);
  wipe(packed);
  return sealed;
}

Result<Bytes> open_part(const PartSpec& spec, ByteView key, ByteView sealed) {
  if (key.size() != 32) return fail(Code::wrong_key, "this role does not hold the key for that");
  ByteReader reader(sealed);
  const auto salt = TRY(reader.raw(kSaltSize));
  const auto commitment = TRY(reader.raw(kCommitmentSize));
  const auto cipher = TRY(reader.raw(reader.remaining()));
  const auto part = derive_part_key(key, salt, spec.type);
  if (!crypto::constant_time_equal(part.commitment, commitment))
    return fail(Code::wrong_key, "sealed with another key");
  Bytes packed;
  TRY(crypto::Aead(part.aes.view()).open(0, associated_data(spec), cipher, packed));
  auto plain = unpack_plain(packed);
  wipe(packed);
  return plain;
}

Result<void> append_signature(const RoleKeys& keys, std::string_view name, Bytes& object) {
  const auto key = TRY(crypto::SigningKey::from_seed(keys.signing_seed));
  ByteWriter certificate;
  certificate.sized(keys.certificate);
  append(object, certificate.bytes());
  append(object, key.sign(signed_hash(keys, name, object).view()).view());
  return {};
}

Result<Signer> read_signature(const RoleKeys& keys, std::string_view name, ByteView object,
                              ByteReader& rest) {
  const auto certificate = TRY(rest.sized(kMaxCertificate));
  const auto signature = TRY(crypto::Signature::from(TRY(rest.raw(crypto::Signature::kSize))));
  TRY(rest.expect_end());
  const auto content = TRY(read_certificate(keys.repository, keys.root_public, certificate));
  const auto covered = object.first(object.size() - crypto::Signature::kSize);
  TRY_CONTEXT("signature",
              crypto::verify(content.key, signed_hash(keys, name, covered).view(), signature));
  return Signer{content.role, content.name, writer_id_of(content.key)};
}

Result<void> require_role(const Signer& signer, std::initializer_list<Role> allowed) {
  if (std::ranges::find(allowed, signer.role) != allowed.end()) return {};
  return fail(Code::corrupt, "signed by " + std::string(name_of(signer.role)) + " \"" +
                                 signer.name + "\", which may not");
}

}  // namespace lifeboat::repository
