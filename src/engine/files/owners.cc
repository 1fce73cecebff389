#include "engine/files/owners.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace lifeboat::engine::files {
namespace {

constexpr std::size_t kMaxRecord = 1U << 20U;

// Calls one of the getpw*_r and getgr*_r family with a growing buffer; the record, or nothing.
template <class Record, class Read, class Take>
auto look_up(const Read& read, const Take& take) -> std::optional<decltype(take(Record{}))> {
  Record record{};
  Record* found = nullptr;
  for (std::vector<char> buffer(1024); buffer.size() <= kMaxRecord;
       buffer.resize(buffer.size() * 4)) {
    const int error = read(&record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    return take(record);
  }
  return std::nullopt;
}

std::string name_of_user(uid_t uid) {
  return look_up<passwd>([&](auto... rest) { return ::getpwuid_r(uid, rest...); },
                         [](const passwd& found) { return std::string(found.pw_name); })
      .value_or("");
}

std::string name_of_group(gid_t gid) {
  return look_up<struct group>([&](auto... rest) { return ::getgrgid_r(gid, rest...); },
                               [](const struct group& found) { return std::string(found.gr_name); })
      .value_or("");
}

std::optional<uid_t> id_of_user(const std::string& name) {
  return look_up<passwd>([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); },
                         [](const passwd& found) { return found.pw_uid; });
}

std::optional<gid_t> id_of_group(const std::string& name) {
  return look_up<struct group>([&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); },
                               [](const struct group& found) { return found.gr_gid; });
}

// The kept answer, or the one found now.
template <class Map, class Find>
const typename Map::mapped_type& kept(Map& map, const typename Map::key_type& key,
                                      const Find& find) {
  const auto at = map.find(key);
  return at != map.end() ? at->second : map.emplace(key, find(key)).first->second;
}

}  // namespace

const std::string& OwnerNames::user(uid_t uid) {
  const std::lock_guard lock(mutex_);
  return kept(users_, uid, name_of_user);
}

const std::string& OwnerNames::group(gid_t gid) {
  const std::lock_guard lock(mutex_);
  return kept(groups_, gid, name_of_group);
}

uid_t OwnerIds::user(const std::string& name, uid_t recorded) {
  if (name.empty()) return recorded;
  const std::lock_guard lock(mutex_);
  return kept(users_, name, id_of_user).value_or(recorded);
}

gid_t OwnerIds::group(const std::string& name, gid_t recorded) {
  if (name.empty()) return recorded;
  const std::lock_guard lock(mutex_);
  return kept(groups_, name, id_of_group).value_or(recorded);
}

}  // namespace lifeboat::engine::files
