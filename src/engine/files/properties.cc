#include "engine/files/properties.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "engine/files/attributes.h"

namespace lifeboat::engine::files {
namespace {

constexpr mode_t kModeBits = 07777;

std::array<timespec, 2> times_of(std::int64_t modified_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  auto seconds = modified_ns / kSecond;
  auto rest = modified_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return {timespec{0, UTIME_OMIT}, timespec{seconds, rest}};
}

}  // namespace

void PropertySetter::set(int file, const struct stat& now, const Properties& wanted, bool is_new) {
  durability_.touched(now.st_dev, file);
  const Ids before{now.st_uid, now.st_gid};
  const auto owned =
      set_owner(before, wanted, [&](uid_t uid, gid_t gid) { return ::fchown(file, uid, gid); });
  // Before the mode, which may forbid it; after the owner, whose change takes capabilities away.
  if (!is_new || inherits_ || !wanted.metadata.attributes.empty())
    set_attributes(file, now, wanted);
  const bool given_away = owned.uid != before.uid || owned.gid != before.gid;
  const auto mode = mode_for(owned, wanted);
  if ((now.st_mode & kModeBits) != mode || given_away || !wanted.metadata.attributes.empty())
    if (::fchmod(file, mode) != 0) losses_.count(Loss::mode, wanted.path);
  if (::futimens(file, times_of(wanted.modified_ns).data()) != 0)
    losses_.count(Loss::time, wanted.path);
}

void PropertySetter::set(int folder, const std::string& name, const Properties& wanted) {
  struct stat now{};
  if (::fstatat(folder, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) {
    losses_.count(Loss::mode, wanted.path);
    return;
  }
  durability_.touched(now.st_dev, folder);
  const auto owned = set_owner({now.st_uid, now.st_gid}, wanted, [&](uid_t uid, gid_t gid) {
    return ::fchownat(folder, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW);
  });
  for (const auto& failed : files::set_attributes(folder, name, wanted.metadata.attributes))
    losses_.count(Loss::attribute, wanted.path + " (" + failed + ")");
  const auto mode = mode_for(owned, wanted);
  // A link has no mode of its own.
  if (!S_ISLNK(now.st_mode) && ::fchmodat(folder, name.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0)
    losses_.count(Loss::mode, wanted.path);
  const auto times = times_of(wanted.modified_ns);
  if (::utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    losses_.count(Loss::time, wanted.path);
}

// Returns who owns it in the end.
template <class Change>
PropertySetter::Ids PropertySetter::set_owner(const Ids& now, const Properties& wanted,
                                              const Change& change) {
  const auto& metadata = wanted.metadata;
  const Ids ids{owners_.user(metadata.user, metadata.uid),
                owners_.group(metadata.group, metadata.gid)};
  if (ids.uid == now.uid && ids.gid == now.gid) return ids;
  if (change(ids.uid, ids.gid) == 0) return ids;
  losses_.count(Loss::owner, wanted.path);
  // A group that this user is in can be had without root.
  const auto keep = static_cast<uid_t>(-1);
  return change(keep, ids.gid) == 0 ? Ids{now.uid, ids.gid} : now;
}

// The rights of an owner who is not there must not go to the one who is.
std::uint32_t PropertySetter::mode_for(const Ids& owned, const Properties& wanted) {
  const auto& metadata = wanted.metadata;
  auto mode = metadata.mode & kModeBits;
  if (owned.uid != owners_.user(metadata.user, metadata.uid)) mode &= ~mode_t{S_ISUID};
  if (owned.gid != owners_.group(metadata.group, metadata.gid)) mode &= ~mode_t{S_ISGID};
  return mode;
}

void PropertySetter::set_attributes(int file, const struct stat& now, const Properties& wanted) {
  auto failed = sync_attributes(file, wanted.metadata.attributes);
  // Even the owner must be able to write the file; the mode comes back right after.
  if (!failed.empty() && (now.st_mode & S_IWUSR) == 0 &&
      ::fchmod(file, (now.st_mode & kModeBits) | S_IWUSR) == 0)
    failed = sync_attributes(file, wanted.metadata.attributes);
  for (const auto& name : failed) losses_.count(Loss::attribute, wanted.path + " (" + name + ")");
}

}  // namespace lifeboat::engine::files
