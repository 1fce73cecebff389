#include "base/bytes.h"

#include <array>
#include <bit>
#include <cstring>

namespace lifeboat {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char digit) {
  const auto at = kHexDigits.find(digit);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

Failure past_end() { return fail(Code::corrupt, "the data ends too early"); }

template <class T>
void put_little_endian(Bytes& to, T value) {
  static_assert(std::endian::native == std::endian::little, "this host needs a byte swap here");
  const auto at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

template <class T>
Result<T> get_little_endian(ByteView& rest) {
  if (rest.size() < sizeof(T)) return past_end();
  T value;
  std::memcpy(&value, rest.data(), sizeof value);
  rest = rest.subspan(sizeof value);
  return value;
}

}  // namespace

Bytes to_bytes(std::string_view text) { return to_bytes(view_of(text)); }
Bytes to_bytes(ByteView view) {
  Bytes bytes;
  append(bytes, view);
  return bytes;
}
ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string to_text(ByteView bytes) { return std::string(bytes.begin(), bytes.end()); }

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 15U];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail(Code::corrupt, "a hex text of odd length");
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    const int high = hex_value(hex[at]);
    const int low = hex_value(hex[at + 1]);
    if (high < 0 || low < 0) return fail(Code::corrupt, "not a lower-case hex text");
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8U | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= count ? kBase64[group >> (18U - 6U * i) & 63U] : '=';
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Code::corrupt, "not a base64 text");
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char digit : text) {
    const auto value = kBase64.find(digit);
    if (value == std::string_view::npos) return fail(Code::corrupt, "not a base64 text");
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held & 255U));
  }
  return bytes;
}

void append(Bytes& to, ByteView more) {
  const auto at = to.size();
  to.resize(at + more.size());
  if (!more.empty()) std::memcpy(to.data() + at, more.data(), more.size());
}

ByteWriter& ByteWriter::u8(std::uint8_t value) {
  bytes_.push_back(value);
  return *this;
}
ByteWriter& ByteWriter::u16(std::uint16_t value) {
  put_little_endian(bytes_, value);
  return *this;
}
ByteWriter& ByteWriter::u32(std::uint32_t value) {
  put_little_endian(bytes_, value);
  return *this;
}
ByteWriter& ByteWriter::u64(std::uint64_t value) {
  put_little_endian(bytes_, value);
  return *this;
}
ByteWriter& ByteWriter::i64(std::int64_t value) {
  put_little_endian(bytes_, value);
  return *this;
}
ByteWriter& ByteWriter::raw(ByteView bytes) {
  append(bytes_, bytes);
  return *this;
}
ByteWriter& ByteWriter::sized(ByteView bytes) {
  return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

Result<std::uint8_t> ByteReader::u8() { return get_little_endian<std::uint8_t>(rest_); }
Result<std::uint16_t> ByteReader::u16() { return get_little_endian<std::uint16_t>(rest_); }
Result<std::uint32_t> ByteReader::u32() { return get_little_endian<std::uint32_t>(rest_); }
Result<std::uint64_t> ByteReader::u64() { return get_little_endian<std::uint64_t>(rest_); }
Result<std::int64_t> ByteReader::i64() { return get_little_endian<std::int64_t>(rest_); }

Result<ByteView> ByteReader::raw(std::size_t size) {
  if (rest_.size() < size) return past_end();
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

Result<ByteView> ByteReader::sized(std::size_t limit) {
  const std::size_t size = TRY(u32());
  if (size > limit) return fail(Code::corrupt, "a length over its limit");
  return raw(size);
}

Result<std::string> ByteReader::sized_text(std::size_t limit) { return to_text(TRY(sized(limit))); }

Result<void> ByteReader::expect_end() const {
  if (!rest_.empty()) return fail(Code::corrupt, "unexpected bytes after the end");
  return {};
}

}  // namespace lifeboat
