#include "service/placement.h"

#include "engine/files/exclude.h"

namespace lifeboat::service {
namespace {

using std::filesystem::path;

// Excluded itself, or in a folder that is: what is in an excluded folder is not looked at.
bool is_excluded(const engine::files::ExcludeRules& rules, const path& relative) {
  path at;
  for (const auto& part : relative) {
    at /= part;
    if (rules.excludes(at.generic_string(), true)) return true;
  }
  return false;
}

}  // namespace

path real_path(const path& place) {
  std::error_code error;
  const auto found = std::filesystem::weakly_canonical(place, error);
  return error ? place.lexically_normal() : found;
}

std::optional<path> local_path(const std::string& url) {
  constexpr std::string_view kFile = "file://";
  if (url.starts_with(kFile)) return url.substr(kFile.size());
  if (url.find(':') != std::string::npos && !url.starts_with('/')) return std::nullopt;
  return url;
}

bool would_read(const engine::SourceOptions& source, const path& place) {
  if (source.type != "files") return false;
  const auto relative = real_path(place).lexically_relative(real_path(source.path));
  if (relative.empty() || *relative.begin() == "..") return false;
  const auto rules = engine::files::ExcludeRules::compile(source.exclude);
  return !rules || !is_excluded(*rules, relative);
}

}  // namespace lifeboat::service
