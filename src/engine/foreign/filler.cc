#include "engine/foreign/filler.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/files/path.h"

namespace lifeboat::engine::foreign {
namespace {

constexpr std::uint64_t kReserve = 64U << 20U;  // stays free
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxDepth = 200;
constexpr std::uint32_t kOwnersFile = 0600;
constexpr std::uint32_t kOwnersFolder = 0700;
constexpr std::uint32_t kRights = 0777;

Failure refuse(const std::string& path, const std::string& why) {
  constexpr std::size_t kShown = 200;
  return fail(Error(Code::refused, "\"" + path.substr(0, kShown) + "\" in the backup " + why)
                  .with_hint("No honest tool writes that: find out who made this backup."));
}

Result<void> check(const std::string& path) {
  if (path.size() > kMaxPath) return refuse(path, "is a name too long to be one");
  if (static_cast<std::size_t>(std::ranges::count(path, '/')) > kMaxDepth)
    return refuse(path, "lies too deep");
  if (path.empty() || !files::check_path(path)) return refuse(path, "leads outside");
  return {};
}

std::array<timespec, 2> times_of(const Filler::Item& item) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  auto seconds = item.modified_ns / kSecond;
  auto rest = item.modified_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  const timespec time{seconds, rest};
  return {time, time};
}

}  // namespace

Result<Filler> Filler::open(const std::string& root, Limits limits) {
  FileDescriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return fail_errno(errno, "cannot open the sandbox " + root);
  const auto free = TRY(free_space(root));
  const Room room{root, free > kReserve ? free - kReserve : 0};
  return Filler(std::make_shared<const FileDescriptor>(std::move(folder)), limits, room);
}

Result<files::Folder> Filler::parent(const std::string& path) {
  const std::string above(files::parent_of(path));
  auto folder = folders_->open(above);
  if (folder) return folder;
  if (folder.error().code() == Code::refused) return refuse(path, "leads through a link or a file");
  if (folder.error().code() != Code::not_found) return folder;
  return make_folders(above);  // an archive need not list them
}

Result<files::Folder> Filler::make_folders(const std::string& path) {
  auto folder = folders_->root();
  std::string_view rest(path);
  std::string done;
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find('/')));
    done += (done.empty() ? "" : "/") + name;
    if (::mkdirat(folder->get(), name.c_str(), kOwnersFolder) == 0)
      TRY(count_entry(done));
    else if (errno != EEXIST)
      return fail_errno(errno, "cannot make the folder " + done);
    auto next = files::open_folder(folder->get(), name);
    if (!next && next.error().code() == Code::refused)
      return refuse(path, "leads through a link or a file");
    folder = TRY(std::move(next));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return folder;
}

Result<void> Filler::count_entry(const std::string& path) {
  if (++entries_ <= limits_.entries) return {};
  return fail(Error(Code::refused, "the backup holds more than " + std::to_string(limits_.entries) +
                                       " entries; at " + path)
                  .with_hint("If that is right, allow more with unpacked: {entries}."));
}

Result<void> Filler::count_bytes(std::uint64_t size) {
  if (limits_.bytes != 0 && !fits(size, limits_.bytes))
    return fail(
        Error(Code::refused, "the backup unpacks to more than " + describe_size(limits_.bytes))
            .with_hint("If that is right, allow more with unpacked: {bytes}."));
  if (!fits(size, room_.bytes))
    return fail(Code::no_space, "the backup needs more than the " + describe_size(room_.bytes) +
                                    " that " + room_.folder + " has room for");
  bytes_ += size;
  return {};
}

bool Filler::fits(std::uint64_t size, std::uint64_t most) const {
  return size <= most - std::min(bytes_, most);
}

Result<void> Filler::make_folder(const Item& item) {
  TRY(check(item.path));
  TRY(make_folders(item.path));
  folders_made_.push_back(item);
  return {};
}

Result<FileDescriptor> Filler::begin_file(const Item& item) {
  TRY(check(item.path));
  TRY(count_entry(item.path));
  const auto folder = TRY(parent(item.path));
  const std::string name(files::name_of(item.path));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor file(::openat(folder->get(), name.c_str(), kFlags, kOwnersFile));
  if (file) return file;
  if (errno == EEXIST) return refuse(item.path, "is there twice: which of the two counts?");
  return fail_errno(errno, "cannot make " + item.path);
}

Result<void> Filler::end_file(const Item& item, const FileDescriptor& file) {
  if (::fchmod(file.get(), (item.mode & kRights) | kOwnersFile) != 0)
    return fail_errno(errno, "cannot set the rights of " + item.path);
  if (item.modified_ns != 0) (void)::futimens(file.get(), times_of(item).data());
  return {};
}

Result<void> Filler::make_link(const std::string& path, const std::string& target) {
  TRY(check(path));
  TRY(count_entry(path));
  if (target.empty() || target.size() > kMaxPath) return refuse(path, "is a link to no name");
  const auto folder = TRY(parent(path));
  const std::string name(files::name_of(path));
  if (::symlinkat(target.c_str(), folder->get(), name.c_str()) == 0) return {};
  if (errno == EEXIST) return refuse(path, "is there twice: which of the two counts?");
  return fail_errno(errno, "cannot make the link " + path);
}

Result<void> Filler::add_name(const std::string& path, const std::string& existing) {
  TRY(check(path));
  TRY(check(existing));
  TRY(count_entry(path));
  const auto from = TRY(parent(existing));
  const std::string name(files::name_of(existing));
  struct stat status{};
  if (::fstatat(from->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail(Code::corrupt,
                path + " is another name of " + existing + ", which is not in the backup");
  if (!S_ISREG(status.st_mode)) return refuse(path, "is another name of something that is no file");
  const auto to = TRY(parent(path));
  const std::string added(files::name_of(path));
  if (::linkat(from->get(), name.c_str(), to->get(), added.c_str(), 0) == 0) return {};
  if (errno == EEXIST) return refuse(path, "is there twice: which of the two counts?");
  return fail_errno(errno, "cannot make " + path);
}

Result<void> Filler::finish() {
  for (auto item = folders_made_.rbegin(); item != folders_made_.rend(); ++item) {
    const auto folder = TRY(folders_->open(item->path));
    if (::fchmod(folder->get(), (item->mode & kRights) | kOwnersFolder) != 0)
      return fail_errno(errno, "cannot set the rights of " + item->path);
    if (item->modified_ns != 0) (void)::futimens(folder->get(), times_of(*item).data());
  }
  return {};
}

}  // namespace lifeboat::engine::foreign
