#include "engine/files/attributes.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>

namespace lifeboat::engine::files {
namespace {

constexpr std::size_t kListSize = 64U << 10U;  // the kernel's limit of a list
constexpr long kListAtCall = 465;              // listxattrat, Linux 6.13; not in this libc yet

// Where a name in a folder can be reached by calls that only take paths.
std::string proc_path(int folder, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(folder) + "/" + name;
}

// A quarter of the time of the way through /proc, where the kernel has it.
ssize_t list_at(int folder, const std::string& name, char* into, std::size_t size) {
  static std::atomic<bool> missing{false};
  if (!missing.load(std::memory_order_relaxed)) {
    const auto got = ::syscall(kListAtCall, folder, name.c_str(), AT_SYMLINK_NOFOLLOW, into, size);
    if (got >= 0 || (errno != ENOSYS && errno != EPERM)) return got;
    missing.store(true, std::memory_order_relaxed);
  }
  return ::llistxattr(proc_path(folder, name).c_str(), into, size);
}

using Get = std::function<ssize_t(const char* name, void* into, std::size_t size)>;

// What another process removed meanwhile, or this user may not see, is not there.
bool is_absent(int error, std::string_view name) {
  const bool privileged = !name.starts_with("user.") && !name.starts_with("system.");
  return error == ENODATA || error == ENOTSUP || error == ENOENT ||
         (privileged && (error == EACCES || error == EPERM));
}

Result<void> read_one(const Get& get, const char* name, std::vector<Attribute>& into) {
  Bytes value(kMaxAttributeSize);
  const auto size = get(name, value.data(), value.size());
  if (size < 0) {
    if (is_absent(errno, name)) return {};
    return fail_errno(errno, std::string("cannot read its attribute ") + name);
  }
  into.push_back({name, to_bytes(ByteView(value).first(static_cast<std::size_t>(size)))});
  return {};
}

Result<std::vector<Attribute>> read_listed(std::string_view list, const Get& get) {
  std::vector<Attribute> attributes;
  while (!list.empty()) {
    const auto* const name = list.data();  // each one ends with a NUL byte
    list.remove_prefix(std::min(list.find('\0'), list.size() - 1) + 1);
    if (keeps_attribute(name)) TRY(read_one(get, name, attributes));
  }
  if (attributes.size() > kMaxAttributes)
    return fail(Code::source_unreadable, "it has more than 4096 attributes");
  std::ranges::sort(attributes, {}, &Attribute::name);
  return attributes;
}

Failure cannot_list(int error) { return fail_errno(error, "cannot list its attributes"); }

bool has_none(int error) { return error == ENOTSUP || error == ENOENT || error == ENOSYS; }

bool may_remove(std::string_view name) {
  return name.starts_with("user.") || name.starts_with("system.posix_acl_");
}

const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view name) {
  const auto found = std::ranges::find(attributes, name, &Attribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<Attribute>> read_attributes(int folder, const std::string& name) {
  if (name.empty()) return read_attributes(folder);
  std::array<char, kListSize> list;  // only what is written of it costs anything
  const auto size = list_at(folder, name, list.data(), list.size());
  if (size == 0 || (size < 0 && has_none(errno))) return std::vector<Attribute>();
  if (size < 0) return cannot_list(errno);
  const auto path = proc_path(folder, name);
  return read_listed({list.data(), static_cast<std::size_t>(size)},
                     [&](const char* attribute, void* into, std::size_t room) {
                       return ::lgetxattr(path.c_str(), attribute, into, room);
                     });
}

Result<std::vector<Attribute>> read_attributes(int file) {
  std::vector<char> list(kListSize);
  const auto size = ::flistxattr(file, list.data(), list.size());
  if (size < 0 && has_none(errno)) return std::vector<Attribute>();
  if (size < 0) return cannot_list(errno);
  return read_listed({list.data(), static_cast<std::size_t>(size)},
                     [&](const char* attribute, void* into, std::size_t room) {
                       return ::fgetxattr(file, attribute, into, room);
                     });
}

std::vector<std::string> sync_attributes(int file, const std::vector<Attribute>& wanted) {
  const auto present = read_attributes(file).value_or(std::vector<Attribute>());
  for (const auto& attribute : present)
    if (may_remove(attribute.name) && !find_attribute(wanted, attribute.name))
      ::fremovexattr(file, attribute.name.c_str());
  std::vector<std::string> failed;
  const auto set = [&](const Attribute& attribute) {
    const auto& [name, value] = attribute;
    const auto* const now = find_attribute(present, name);
    if (now && now->value == value) return;
    if (::fsetxattr(file, name.c_str(), value.data(), value.size(), 0) != 0) failed.push_back(name);
  };
  // Access lists last: they may take the right to set the others.
  for (const bool lists : {false, true})
    for (const auto& attribute : wanted)
      if (attribute.name.starts_with("system.") == lists) set(attribute);
  return failed;
}

std::vector<std::string> set_attributes(int folder, const std::string& name,
                                        const std::vector<Attribute>& wanted) {
  std::vector<std::string> failed;
  const auto path = proc_path(folder, name);
  for (const auto& attribute : wanted)
    if (::lsetxattr(path.c_str(), attribute.name.c_str(), attribute.value.data(),
                    attribute.value.size(), 0) != 0)
      failed.push_back(attribute.name);
  return failed;
}

}  // namespace lifeboat::engine::files
