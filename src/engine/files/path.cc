#include "engine/files/path.h"

namespace lifeboat::engine::files {

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameSize || name == "." || name == "..") return false;
  return name.find('/') == name.npos && name.find('\0') == name.npos;
}

Result<void> check_path(std::string_view path) {
  if (path.empty()) return {};
  if (path.size() > kMaxPathSize) return fail(Code::corrupt, "a path that is too long");
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    if (!is_name(path.substr(begin, end - begin)))
      return fail(Code::corrupt, "a path that leaves its folder: " + std::string(path));
    begin = end + 1;
  }
  return {};
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string join(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path.append(folder);
  if (!folder.empty()) path += '/';
  return path.append(name);
}

std::string shown(std::string_view path) {
  return path.empty() ? "the folder itself" : std::string(path);
}

}  // namespace lifeboat::engine::files
