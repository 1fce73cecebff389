#include "backup/previous_entries.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace lifeboat::backup {
namespace {

constexpr std::string_view kMagic = "lifeboat previous entries 1\n";
constexpr std::size_t kBuffer = 1U << 20U;
constexpr std::size_t kMaxRecord = 1U << 30U;
constexpr std::size_t kMaxHeader = 4096;
constexpr std::size_t kRecordHead = 12;  // u32 length, u64 checksum

std::filesystem::path unfinished(const std::filesystem::path& file) {
  return file.string() + ".new";
}

Bytes encode(const PreviousEntry& entry) {
  ByteWriter body;
  body.sized(entry.path).sized(entry.change_token).u64(entry.size);
  body.u32(static_cast<std::uint32_t>(entry.chunks.size()));
  for (const auto& chunk : entry.chunks) body.raw(chunk.id.view()).u32(chunk.length);
  ByteWriter record;
  record.u32(static_cast<std::uint32_t>(body.size()));
  record.u64(record_checksum(body.bytes())).raw(body.bytes());
  return record.take();
}

Result<PreviousEntry> decode(ByteView body) {
  ByteReader reader(body);
  PreviousEntry entry;
  entry.path = TRY(reader.sized_text());
  entry.change_token = TRY(reader.sized_text());
  entry.size = TRY(reader.u64());
  const std::size_t count = TRY(reader.u32());
  entry.chunks.reserve(std::min(count, reader.remaining() / 36));
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = TRY(repository::ChunkId::from(TRY(reader.raw(32))));
    entry.chunks.push_back({id, TRY(reader.u32())});
  }
  TRY(reader.expect_end());
  return entry;
}

}  // namespace

std::uint64_t record_checksum(ByteView body) { return XXH3_64bits(body.data(), body.size()); }

// A '/' ends a component, so it sorts before every byte that a name may hold.
bool walks_before(std::string_view a, std::string_view b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i)
    if (a[i] != b[i]) return rank(a[i]) < rank(b[i]);
  return a.size() < b.size();
}

PreviousReader PreviousReader::open(const std::filesystem::path& file,
                                    const std::string& identity) {
  PreviousReader reader;
  auto opened = open_file(file, O_RDONLY);
  if (!opened) return reader;
  reader.file_ = std::move(*opened);
  struct stat status{};
  if (::fstat(reader.file_.get(), &status) == 0)
    reader.size_ = static_cast<std::uint64_t>(status.st_size);
  ByteWriter header;
  header.raw(kMagic).sized(identity);
  const auto held = reader.fill(header.size());
  const bool same =
      held && std::equal(header.bytes().begin(), header.bytes().end(), reader.buffer_.begin());
  reader.used_ = header.size();
  if (same) {
    reader.advance();
  } else {
    reader.file_.reset();
  }
  return reader;
}

std::optional<PreviousEntry> PreviousReader::find(const std::string& path) {
  while (current_ && walks_before(current_->path, path)) advance();
  if (!current_ || current_->path != path) return std::nullopt;
  auto found = std::move(current_);
  advance();
  return found;
}

// The first damaged record ends the list: what follows is simply read again.
void PreviousReader::advance() {
  current_.reset();
  if (!file_) return;
  auto record = read_record();
  if (record) {
    current_ = std::move(*record);
  } else {
    file_.reset();
  }
}

Result<PreviousEntry> PreviousReader::read_record() {
  TRY(fill(kRecordHead));
  ByteReader head(ByteView(buffer_).subspan(used_, kRecordHead));
  const std::size_t length = TRY(head.u32());
  const std::uint64_t checksum = TRY(head.u64());
  if (length > kMaxRecord) return fail(Code::corrupt, "a record over its limit");
  used_ += kRecordHead;
  TRY(fill(length));
  const auto body = ByteView(buffer_).subspan(used_, length);
  if (record_checksum(body) != checksum) return fail(Code::corrupt, "a damaged record");
  used_ += length;
  return decode(body);
}

// Makes `size` bytes available from used_ on. No more memory is taken than the file has bytes.
Result<void> PreviousReader::fill(std::size_t size) {
  const std::size_t held = buffer_.size() - used_;
  if (held >= size) return {};
  if (offset_ > size_ || size - held > size_ - offset_)
    return fail(Code::corrupt, "the list ends too early");
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ = 0;
  const auto left = held + (size_ - offset_);
  buffer_.resize(std::max<std::uint64_t>(size, std::min<std::uint64_t>(left, kBuffer)));
  const auto more = TRY(read_at(file_.get(), offset_, ByteSpan(buffer_).subspan(held)));
  offset_ += more;
  buffer_.resize(held + more);
  if (buffer_.size() < size) return fail(Code::corrupt, "the list ends too early");
  return {};
}

Result<PreviousWriter> PreviousWriter::create(const std::filesystem::path& file,
                                              const std::string& identity) {
  TRY(make_directories(file.parent_path()));
  auto descriptor = TRY(open_file(unfinished(file), O_WRONLY | O_CREAT | O_TRUNC));
  PreviousWriter writer(file, std::move(descriptor));
  ByteWriter header;
  header.raw(kMagic).sized(identity.substr(0, kMaxHeader));
  writer.buffer_ = header.take();
  return writer;
}

PreviousWriter::~PreviousWriter() {
  if (file_) ::unlink(unfinished(path_).c_str());
}

Result<void> PreviousWriter::add(const PreviousEntry& entry) {
  append(buffer_, encode(entry));
  return buffer_.size() < kBuffer ? Result<void>{} : write_out();
}

Result<void> PreviousWriter::write_out() {
  TRY(write_at(file_.get(), offset_, buffer_));
  offset_ += buffer_.size();
  buffer_.clear();
  return {};
}

// Not made durable: a torn cache is found by its checksums and only costs reading.
Result<void> PreviousWriter::commit() {
  TRY(write_out());
  if (::rename(unfinished(path_).c_str(), path_.c_str()) != 0)
    return fail_errno(errno, "cannot write " + path_.string());
  file_.reset();
  return {};
}

}  // namespace lifeboat::backup
