#include "repository/types.h"

#include <algorithm>

#include <fmt/format.h>

namespace lifeboat::repository {
namespace {

constexpr std::string_view kPartMagic = "LFBT";
constexpr std::uint64_t kYear10000 = 253'402'300'800'000'000U;  // µs since 1970

std::string name_in(std::string_view folder, const SessionRef& session) {
  return fmt::format("{}/{}/{}", folder, session.writer.hex(), hex_of(session.seq));
}

}  // namespace

Bytes make_prefix(ObjectType type) {
  ByteWriter writer;
  writer.raw(kPartMagic).u8(static_cast<std::uint8_t>(type)).u8(kFormat).u16(0);
  return writer.take();
}

Result<ByteView> strip_prefix(ByteView object, ObjectType type) {
  ByteReader reader(object);
  const auto magic = TRY(reader.raw(kPartMagic.size()));
  const auto found = TRY(reader.u8());
  const auto format = TRY(reader.u8());
  const auto reserved = TRY(reader.u16());
  if (!std::ranges::equal(magic, view_of(kPartMagic)) || found != static_cast<std::uint8_t>(type))
    return fail(Code::corrupt, "not an object of its kind");
  if (format > kFormat)
    return fail(Code::unsupported_format, "the object was made by a newer version");
  if (format != kFormat || reserved != 0)
    return fail(Code::corrupt, "an object with an impossible beginning");
  return object.subspan(kPrefixSize);
}

std::string hex_of(std::uint64_t number) { return fmt::format("{:016x}", number); }

Result<std::uint64_t> parse_seq(std::string_view text) {
  const auto bytes = TRY(from_hex(text));
  if (bytes.size() != 8) return fail(Code::corrupt, "a sequence number of the wrong length");
  std::uint64_t number = 0;
  for (const auto byte : bytes) number = number << 8U | byte;
  if (number == 0) return fail(Code::corrupt, "sequence numbers count from 1");
  return number;
}

std::string session_key(const SessionRef& session) { return name_in("sessions", session); }
std::string snapshot_key(const SessionRef& session) { return name_in("snapshots", session); }

std::string pack_key(const PackName& pack) {
  const auto hex = pack.hex();
  return fmt::format("packs/{}/{}", hex.substr(0, 2), hex);
}

std::optional<PackName> parse_pack_key(std::string_view key) {
  const auto name = PackName::from_hex(key.substr(key.rfind('/') + 1));
  if (!name || pack_key(*name) != key) return std::nullopt;
  return *name;
}

std::string collect_key(std::uint64_t number) { return std::string(kCollectName) + hex_of(number); }

Result<SessionRef> parse_session_key(std::string_view folder, std::string_view key) {
  const auto size = folder.size();
  const bool shaped = key.size() == size + 34 && key.starts_with(folder) && key[size] == '/' &&
                      key[size + 17] == '/';
  if (!shaped) return fail(Code::corrupt, "a name that no Lifeboat gives");
  return SessionRef{TRY(WriterId::from_hex(key.substr(size + 1, 16))),
                    TRY(parse_seq(key.substr(size + 18)))};
}

std::uint64_t to_micros(Time time) {
  const auto count = time.time_since_epoch().count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

Result<Time> from_micros(std::uint64_t micros) {
  if (micros >= kYear10000) return fail(Code::corrupt, "a time after the year 9999");
  return Time(Duration(static_cast<std::int64_t>(micros)));
}

}  // namespace lifeboat::repository
