#include "repository/put_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lifeboat::repository {
namespace {

constexpr std::size_t kLine = 2 * PackName::kSize + 1;
constexpr std::size_t kMaxJournal = 16U << 20U;

FileDescriptor open_locked(const std::filesystem::path& path, int flags) {
  auto file = open_file(path, flags | O_CLOEXEC);
  if (!file || ::flock(file->get(), LOCK_EX | LOCK_NB) != 0) return {};
  return std::move(*file);
}

}  // namespace

PutJournal::PutJournal(const std::filesystem::path& cache, const SessionRef& session) {
  if (cache.empty()) return;
  const auto folder = cache / "put";
  const auto writer = session.writer.hex() + "-";
  if (!make_directories(folder)) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().filename().string().starts_with(writer)) take_over(entry.path());
  own_.path = folder / (writer + hex_of(session.seq));
  own_.file = open_locked(own_.path, O_CREAT | O_WRONLY | O_APPEND);
}

PutJournal::~PutJournal() {
  struct stat status{};
  if (own_.file && ::fstat(own_.file.get(), &status) == 0 && status.st_size == 0)
    ::unlink(own_.path.c_str());
}

// A file that is locked belongs to a session that still lives. Lines that are torn are left out.
void PutJournal::take_over(const std::filesystem::path& path) {
  auto file = open_locked(path, O_RDONLY);
  if (!file) return;
  const auto text = read_file(path, kMaxJournal);
  if (!text) return;
  for (std::size_t at = 0; at + kLine <= text->size(); at += kLine) {
    const auto line = ByteView(*text).subspan(at, kLine - 1);
    if (auto name = PackName::from_hex(to_text(line))) left_behind_.push_back(*name);
  }
  others_.push_back({path, std::move(file)});
}

void PutJournal::add(const PackName& pack) {
  const std::lock_guard lock(guard_);
  if (!own_.file) return;
  const auto line = pack.hex() + "\n";
  // A name that is lost costs only that the pack is stored again after a crash. So does one that
  // the system still held when the power failed: to wait for it would cost every pack a flush.
  std::ignore = ::write(own_.file.get(), line.data(), line.size());
}

void PutJournal::clear() {
  const std::lock_guard lock(guard_);
  if (own_.file) std::ignore = ::ftruncate(own_.file.get(), 0);
  for (const auto& other : others_) ::unlink(other.path.c_str());
  others_.clear();
}

}  // namespace lifeboat::repository
