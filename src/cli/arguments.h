#pragma once
// What was given on the command line for one command, by the names of its specification. Immutable;
// thread-safe.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lifeboat::cli {

class Arguments {
 public:
  using Values = std::map<std::string, std::vector<std::string>, std::less<>>;
  Arguments() = default;
  explicit Arguments(Values values) : values_(std::move(values)) {}

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  // The last value given, or empty.
  std::string text(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  // How often a flag was given.
  unsigned count(std::string_view name) const;
  // "10m" as a duration; `usage` naming the option when it is none, nothing when it was not given.
  Result<std::optional<Duration>> duration(std::string_view name) const;

 private:
  Values values_;  // of "to" for "--to DIR", of "SERVICE" for a positional argument
};

}  // namespace lifeboat::cli
