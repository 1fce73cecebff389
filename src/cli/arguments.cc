#include "cli/arguments.h"

namespace lifeboat::cli {

std::string Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Arguments::list(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

unsigned Arguments::count(std::string_view name) const {
  return static_cast<unsigned>(list(name).size());
}

Result<std::optional<Duration>> Arguments::duration(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const auto parsed = parse_duration(text(name));
  if (parsed) return std::optional(*parsed);
  return fail(Error(Code::usage, "--" + std::string(name) + ": " + parsed.error().message())
                  .with_hint(std::string(parsed.error().hint())));
}

}  // namespace lifeboat::cli
