#pragma once
// Which paths of a folder are left out: gitignore's patterns, compiled once. Immutable after
// compile, so any thread may ask.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lifeboat::engine::files {

// `*` and `?` stay within a name, `**` crosses folders, `[a-z]` and `[!a-z]` are sets, `\` escapes.
// A '/' at the beginning or inside ties the pattern to the top folder, a trailing one to folders, a
// leading `!` takes paths back in. The last pattern that matches decides. What is in an excluded
// folder is not looked at.
class ExcludeRules {
 public:
  // `config_invalid` names the pattern.
  static Result<ExcludeRules> compile(const std::vector<std::string>& patterns);
  bool excludes(std::string_view path, bool is_folder) const;
  // The path itself or a folder that it lies in.
  bool leaves_out(std::string_view path, bool is_folder) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    std::vector<std::string> parts;  // of the pattern between slashes
    bool take_back = false;
    bool folders_only = false;
  };
  static Result<Rule> compile_one(std::string_view pattern);
  static Result<std::vector<std::string>> split(std::string_view rest, const std::string& whole);
  std::vector<Rule> rules_;
};

// Whether one name matches one part of a pattern. Exposed for its tests.
bool matches_name(std::string_view pattern, std::string_view name);

}  // namespace lifeboat::engine::files
