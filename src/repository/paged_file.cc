#include "repository/paged_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <array>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kPageBuffer = 64 * kPageSize;
constexpr std::uint64_t kReadThrough = 64U << 20U;
constexpr std::size_t kMaxHeader = 1024;

struct FileHeader {
  std::array<char, 8> magic{'L', 'F', 'B', 'P', 'A', 'G', 'E', '1'};
  std::uint64_t pages = 0;
  std::uint64_t checksums = 0;  // of all checksums
  std::uint64_t user_size = 0;
  std::array<std::uint8_t, kMaxHeader> user{};
  std::uint64_t own = 0;  // of everything above
};
static_assert(sizeof(FileHeader) <= kPageSize);

std::uint64_t checksum(const void* bytes, std::size_t size, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

std::uint64_t own_checksum(const FileHeader& header) {
  return checksum(&header, offsetof(FileHeader, own), 0);
}

Failure damaged() { return fail(Code::corrupt, "a local cache file is damaged"); }

}  // namespace

PagedWriter::PagedWriter(int descriptor) : descriptor_(descriptor), buffer_(kPageBuffer) {}

Result<void> PagedWriter::end_page() {
  auto* const page = buffer_.data() + filled_;
  std::fill(page + used_, page + kPageSize, std::uint8_t{0});
  checksums_.push_back(checksum(page, kPageSize, checksums_.size() + 1));
  filled_ += kPageSize;
  used_ = 0;
  return filled_ == buffer_.size() ? write_out() : Result<void>{};
}

Result<void> PagedWriter::write_out() {
  TRY(write_at(descriptor_, written_, ByteView(buffer_).first(filled_)));
  written_ += filled_;
  filled_ = 0;
  return {};
}

Result<Section> PagedWriter::end_section() {
  if (used_ > 0) TRY(end_page());
  const Section ended = section_;
  section_ = {checksums_.size() + 1, 0};
  return ended;
}

Result<void> PagedWriter::finish(ByteView header) {
  TRY(end_section());
  TRY(write_out());
  const auto size = checksums_.size() * sizeof(std::uint64_t);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(checksums_.data());
  TRY(write_at(descriptor_, written_, {bytes, size}));
  FileHeader first;
  first.pages = checksums_.size() + 1;
  first.checksums = checksum(bytes, size, 0);
  first.user_size = header.size();
  std::ranges::copy(header, first.user.begin());
  first.own = own_checksum(first);
  Bytes page(kPageSize, 0);
  std::memcpy(page.data(), &first, sizeof first);
  return write_at(descriptor_, 0, page);
}

void PagedFile::Unmap::operator()(const std::uint8_t* memory) const {
  ::munmap(const_cast<std::uint8_t*>(memory), size);
}

Result<PagedFile> PagedFile::open(FileDescriptor file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "a local cache file");
  PagedFile paged;
  paged.size_ = static_cast<std::uint64_t>(status.st_size);
  if (paged.size_ < kPageSize) return damaged();
  void* const memory = ::mmap(nullptr, paged.size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "a local cache file");
  paged.memory_ = {static_cast<const std::uint8_t*>(memory), Unmap{paged.size_}};
  TRY(paged.read_header());
  const bool small = paged.size_ <= kReadThrough;
  for (std::uint64_t i = 1; small && i < paged.pages_; ++i) TRY(paged.check_page(i));
  return paged;
}

Result<void> PagedFile::read_header() {
  FileHeader header;
  std::memcpy(&header, memory_.get(), sizeof header);
  if (header.magic != FileHeader{}.magic || header.own != own_checksum(header)) return damaged();
  if (header.pages == 0 || header.pages > size_ / kPageSize) return damaged();
  const auto list = (header.pages - 1) * sizeof(std::uint64_t);
  if (header.pages * kPageSize + list != size_ || header.user_size > kMaxHeader) return damaged();
  if (checksum(memory_.get() + header.pages * kPageSize, list, 0) != header.checksums)
    return damaged();
  pages_ = header.pages;
  checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(pages_ / 64 + 1);
  return {};
}

ByteView PagedFile::header() const {
  FileHeader header;
  std::memcpy(&header, memory_.get(), sizeof header);
  return {memory_.get() + offsetof(FileHeader, user), header.user_size};
}

Result<const std::uint8_t*> PagedFile::checked_page(std::uint64_t number) const {
  if (number == 0 || number >= pages_) return damaged();
  const auto word = checked_[number / 64].load(std::memory_order_relaxed);
  if ((word >> number % 64 & 1U) == 0) return check_page(number);
  return memory_.get() + number * kPageSize;
}

Result<const std::uint8_t*> PagedFile::check_page(std::uint64_t number) const {
  const auto* const page = memory_.get() + number * kPageSize;
  std::uint64_t expected;
  std::memcpy(&expected, memory_.get() + pages_ * kPageSize + (number - 1) * sizeof expected,
              sizeof expected);
  if (checksum(page, kPageSize, number) != expected) return damaged();
  checked_[number / 64].fetch_or(std::uint64_t{1} << number % 64, std::memory_order_relaxed);
  return page;
}

}  // namespace lifeboat::repository
