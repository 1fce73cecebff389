#pragma once
// The vocabulary of raw bytes: an owning buffer, a view, hex, and a little-endian reader and writer
// with limits. Values only: nothing here is shared between threads.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lifeboat {

// Leaves elements uninitialised on resize: buffers here are always filled by a read right after.
template <class T>
struct UninitialisedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitialisedAllocator<U>;
  };
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};

using Bytes = std::vector<std::uint8_t, UninitialisedAllocator<std::uint8_t>>;
using ByteView = std::span<const std::uint8_t>;
using ByteSpan = std::span<std::uint8_t>;

Bytes to_bytes(std::string_view text);
Bytes to_bytes(ByteView view);
ByteView view_of(std::string_view text);
std::string to_text(ByteView bytes);
std::string to_hex(ByteView bytes);
// Lower-case hex only; anything else is `corrupt`.
Result<Bytes> from_hex(std::string_view hex);
std::string to_base64(ByteView bytes);
Result<Bytes> from_base64(std::string_view text);

void append(Bytes& to, ByteView more);  // which is no part of it

// Writes fixed-width little-endian integers and length-prefixed (u32) strings.
class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t value);
  ByteWriter& u16(std::uint16_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& i64(std::int64_t value);
  ByteWriter& raw(ByteView bytes);
  ByteWriter& raw(std::string_view text) { return raw(view_of(text)); }
  ByteWriter& sized(ByteView bytes);  // u32 length, then the bytes
  ByteWriter& sized(std::string_view text) { return sized(view_of(text)); }
  std::size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  Bytes bytes_;
};

// Reads what ByteWriter wrote; every read past the end is `corrupt`, never undefined.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}
  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::int64_t> i64();
  Result<ByteView> raw(std::size_t size);
  // A u32 length and that many bytes; a length over `limit` is `corrupt` before anything is read.
  Result<ByteView> sized(std::size_t limit = 64U << 20U);
  Result<std::string> sized_text(std::size_t limit = 1U << 20U);
  std::size_t remaining() const { return rest_.size(); }
  bool at_end() const { return rest_.empty(); }
  Result<void> expect_end() const;

 private:
  ByteView rest_;
};

}  // namespace lifeboat

// In byte_vector.cc.
extern template class std::vector<std::uint8_t, lifeboat::UninitialisedAllocator<std::uint8_t>>;
