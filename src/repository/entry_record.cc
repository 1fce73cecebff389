#include "repository/entry_record.h"

#include <algorithm>

#include "repository/chunker.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kChunkRefSize = 36;
constexpr std::size_t kReadSize = 256U << 10U;

// A path that stays inside the folder it is restored to.
Result<void> check_path(std::string_view path, EntryKind kind) {
  if (path.empty() && kind != EntryKind::directory)
    return fail(Code::corrupt, "an entry without a path");
  if (path.size() > kMaxPath || path.find('\0') != path.npos)
    return fail(Code::corrupt, "an entry with an impossible path");
  for (std::string_view rest = path; !path.empty();) {
    const auto part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..")
      return fail(Code::corrupt, "an entry whose path leaves its folder");
    if (part.size() == rest.size()) break;
    rest.remove_prefix(part.size() + 1);
  }
  return {};
}

bool has_content(EntryKind kind) { return kind == EntryKind::file || kind == EntryKind::database; }

Result<void> check_chunks(const EntryRecord& entry) {
  std::uint64_t total = 0;
  for (const auto& chunk : entry.chunks) {
    if (chunk.length == 0 || chunk.length > kMaxChunk)
      return fail(Code::corrupt, "a chunk of an impossible length");
    total += chunk.length;
  }
  const bool counts = has_content(entry.info.kind) || !entry.chunks.empty();
  if (counts && total != entry.info.size)
    return fail(Code::corrupt, "an entry whose chunks do not add up to its size");
  return {};
}

Result<void> check_entry(const EntryRecord& entry) {
  TRY(check_path(entry.info.path, entry.info.kind));
  return check_chunks(entry);
}

Result<EntryKind> parse_kind(std::uint8_t number) {
  if (number < 1 || number > 6) return fail(Code::corrupt, "an entry of an unknown kind");
  return static_cast<EntryKind>(number);
}

Result<Profile> parse_profile(std::uint8_t number) {
  if (number > 3) return fail(Code::corrupt, "an entry of an unknown profile");
  return static_cast<Profile>(number);
}

Result<ChunkList> parse_chunks(ByteReader& reader) {
  const auto count = TRY(reader.u32());
  if (reader.remaining() != std::size_t{count} * kChunkRefSize)
    return fail(Code::corrupt, "an entry with an impossible number of chunks");
  ChunkList chunks(count);
  for (auto& chunk : chunks) {
    chunk.id = TRY(ChunkId::from(TRY(reader.raw(ChunkId::kSize))));
    chunk.length = TRY(reader.u32());
  }
  return chunks;
}

Result<EntryRecord> parse_entry(ByteView record) {
  ByteReader reader(record);
  EntryRecord entry;
  auto& info = entry.info;
  info.path = TRY(reader.sized_text(kMaxPath));
  info.kind = TRY(parse_kind(TRY(reader.u8())));
  info.size = TRY(reader.u64());
  info.modified_ns = TRY(reader.i64());
  info.profile = TRY(parse_profile(TRY(reader.u8())));
  info.unit = TRY(reader.u32());
  info.metadata = to_bytes(TRY(reader.sized(kMaxRecord)));
  entry.chunks = TRY(parse_chunks(reader));
  TRY(check_entry(entry));
  return entry;
}

}  // namespace

Result<Bytes> encode_entry(const EntryRecord& entry) {
  const auto& info = entry.info;
  if (auto checked = check_entry(entry); !checked)
    return fail(Code::usage, info.path + ": " + checked.error().message());
  const auto size = 4 + info.path.size() + 1 + 8 + 8 + 1 + 4 + 4 + info.metadata.size() + 4 +
                    entry.chunks.size() * kChunkRefSize;
  if (size > kMaxRecord) return fail(Code::usage, info.path + ": an entry over 1 GiB");
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(size)).sized(info.path);
  writer.u8(static_cast<std::uint8_t>(info.kind)).u64(info.size).i64(info.modified_ns);
  writer.u8(static_cast<std::uint8_t>(info.profile)).u32(info.unit).sized(info.metadata);
  writer.u32(static_cast<std::uint32_t>(entry.chunks.size()));
  for (const auto& chunk : entry.chunks) writer.raw(chunk.id.view()).u32(chunk.length);
  return writer.take();
}

Result<std::optional<EntryRecord>> EntryDecoder::next() {
  if (!TRY(fill(4))) {
    if (begin_ == buffer_.size()) return std::optional<EntryRecord>();
    return fail(Code::corrupt, "an entry stream that ends within a record");
  }
  const auto length = TRY(ByteReader(ByteView(buffer_).subspan(begin_)).u32());
  if (length > kMaxRecord) return fail(Code::corrupt, "an entry over 1 GiB");
  if (!TRY(fill(4 + std::size_t{length})))
    return fail(Code::corrupt, "an entry stream that ends within a record");
  auto entry = TRY(parse_entry(ByteView(buffer_).subspan(begin_ + 4, length)));
  begin_ += 4 + std::size_t{length};
  return entry;
}

// At least `wanted` bytes from begin_ on, or false when the stream has fewer. The buffer grows as
// bytes come, not as a length promises.
Result<bool> EntryDecoder::fill(std::size_t wanted) {
  if (buffer_.size() - begin_ >= wanted) return true;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  while (buffer_.size() < wanted) {
    const auto held = buffer_.size();
    const auto grow = std::max(kReadSize, std::min(held, wanted - held));
    buffer_.resize(held + grow);
    const auto count = stream_.read(ByteSpan(buffer_).subspan(held));
    buffer_.resize(held + (count ? *count : 0));
    if (TRY(std::move(count)) < grow) return buffer_.size() >= wanted;
  }
  return true;
}

}  // namespace lifeboat::repository
