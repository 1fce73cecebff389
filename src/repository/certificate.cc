#include "repository/certificate.h"

#include <algorithm>

#include "crypto/hash.h"

namespace lifeboat::repository {
namespace {

Bytes certificate_fields(const Certificate& content) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(content.role)).sized(content.name).raw(content.key.view());
  return writer.take();
}

Bytes certificate_message(const RepositoryId& repository, ByteView fields) {
  ByteWriter writer;
  writer.raw("lifeboat 1 certificate").raw(repository.view()).raw(fields);
  return writer.take();
}

}  // namespace

Result<Role> parse_role(std::uint8_t number) {
  if (number < 1 || number > 4) return fail(Code::corrupt, "a role that does not exist");
  return static_cast<Role>(number);
}

Result<std::string> parse_role_name(ByteView bytes) {
  const bool sized = !bytes.empty() && bytes.size() <= kMaxRoleName;
  const bool shown = std::ranges::none_of(bytes, [](auto b) { return b < 0x20 || b == 0x7F; });
  if (!sized || !shown) return fail(Code::corrupt, "a key's name has 1 to 100 printable bytes");
  return to_text(bytes);
}

WriterId writer_id_of(const crypto::VerifyKey& key) {
  WriterId id;
  const auto hash = crypto::sha256(key.view());
  std::copy_n(hash.bytes.begin(), WriterId::kSize, id.bytes.begin());
  return id;
}

Bytes make_certificate(const RepositoryId& repository, const Certificate& content,
                       const crypto::SigningKey& root) {
  auto bytes = certificate_fields(content);
  append(bytes, root.sign(certificate_message(repository, bytes)).view());
  return bytes;
}

Result<Certificate> read_certificate(const RepositoryId& repository, ByteView root_public,
                                     ByteView bytes) {
  ByteReader reader(bytes);
  Certificate content;
  content.role = TRY(parse_role(TRY(reader.u8())));
  content.name = TRY(parse_role_name(TRY(reader.sized(kMaxRoleName))));
  content.key = TRY(crypto::VerifyKey::from(TRY(reader.raw(32))));
  const auto signature = TRY(crypto::Signature::from(TRY(reader.raw(64))));
  TRY(reader.expect_end());
  const auto root = TRY(crypto::VerifyKey::from(root_public));
  const auto fields = bytes.first(bytes.size() - crypto::Signature::kSize);
  TRY_CONTEXT("certificate",
              crypto::verify(root, certificate_message(repository, fields), signature));
  return content;
}

}  // namespace lifeboat::repository
