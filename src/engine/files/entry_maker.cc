#include "engine/files/entry_maker.h"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "engine/files/attributes.h"
#include "engine/files/path.h"

namespace lifeboat::engine::files {
namespace {

constexpr std::uint64_t kStatBlock = 512;  // the unit of st_blocks

Metadata base_of(const struct stat& status, OwnerNames& names) {
  Metadata metadata;
  metadata.mode = status.st_mode;
  metadata.uid = status.st_uid;
  metadata.gid = status.st_gid;
  metadata.user = names.user(status.st_uid);
  metadata.group = names.group(status.st_gid);
  return metadata;
}

void add_device(const struct stat& status, Metadata& metadata) {
  if (!is_device(metadata)) return;
  metadata.device_major = major(status.st_rdev);
  metadata.device_minor = minor(status.st_rdev);
}

EntryInfo info_of_visit(const Visit& visit, EntryKind kind) {
  EntryInfo info;
  info.path = visit.path;
  info.kind = kind;
  info.modified_ns = nanoseconds(visit.status.st_mtim);
  if (kind != EntryKind::file) return info;
  info.size = static_cast<std::uint64_t>(visit.status.st_size);
  info.profile = Profile::tree;
  return info;
}

bool is_sparse(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_blocks) * kStatBlock <
         static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

std::optional<Made> EntryMaker::make(const Visit& visit) {
  auto kind = kind_of(visit);
  if (!kind) return std::nullopt;
  Made made{{}, base_of(visit.status, names_)};
  add_device(visit.status, made.metadata);
  if (auto first = first_name(visit)) {
    kind = EntryKind::hardlink;
    made.metadata.link = *std::move(first);
  } else {
    if (kind == EntryKind::symlink && !read_link(visit, made.metadata.link)) return std::nullopt;
    made.metadata.sparse = kind == EntryKind::file && is_sparse(visit.status);
    read_attributes_of(visit, made.metadata);
  }
  made.info = info_of_visit(visit, *kind);
  made.info.metadata = encode_metadata(made.metadata);
  return made;
}

std::optional<EntryKind> EntryMaker::kind_of(const Visit& visit) {
  switch (visit.status.st_mode & S_IFMT) {
    case S_IFREG:
      return EntryKind::file;
    case S_IFDIR:
      return EntryKind::directory;
    case S_IFLNK:
      return EntryKind::symlink;
    case S_IFSOCK:
      findings_.add({"socket-skipped", visit.path,
                     "it is a socket: its program makes it anew when it starts", false});
      return std::nullopt;
    default:
      return EntryKind::special;
  }
}

std::optional<std::string> EntryMaker::first_name(const Visit& visit) {
  const auto& status = visit.status;
  if (status.st_nlink < 2 || S_ISDIR(status.st_mode)) return std::nullopt;
  const auto [at, is_new] = first_names_.try_emplace({status.st_dev, status.st_ino});
  if (is_new) {
    at->second = {visit.path, status.st_nlink - 1};
    return std::nullopt;
  }
  auto path = at->second.path;
  if (--at->second.names_left == 0) first_names_.erase(at);
  return path;
}

bool EntryMaker::read_link(const Visit& visit, std::string& target) {
  std::array<char, 64U << 10U> buffer;
  const auto size =
      ::readlinkat(visit.folder->get(), visit.name.c_str(), buffer.data(), buffer.size());
  if (size > 0) {
    target.assign(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }
  // No longer a link is as good as gone.
  const int error = size == 0 || errno == EINVAL ? ENOENT : errno;
  findings_.add(finding_of(fail_errno(error, "cannot read the link").value(), visit.path));
  return false;
}

void EntryMaker::read_attributes_of(const Visit& visit, Metadata& metadata) {
  auto attributes = read_attributes(visit.folder->get(), visit.name);
  if (attributes) {
    metadata.attributes = *std::move(attributes);
    return;
  }
  findings_.add({"attributes-unreadable", visit.path, attributes.error().message(), true});
}

}  // namespace lifeboat::engine::files
