#pragma once
// What is wrong in a configuration file, collected so that a person sees all of it at once. Not
// thread-safe.
#include <string>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace lifeboat::config {

struct Problem {
  enum class Level : std::uint8_t { error, warning };
  Level level = Level::error;
  Mark mark;
  std::string message;
  std::string hint;  // may be empty
};

class Problems {
 public:
  void error(Mark mark, std::string message, std::string hint = {});
  void warning(Mark mark, std::string message, std::string hint = {});
  bool has_errors() const { return errors_ != 0; }
  std::size_t errors() const { return errors_; }
  // In the order of the file.
  std::vector<Problem> sorted() const;
  // One `config_invalid` whose message lists every error: "lifeboat.yaml: 2 mistakes\n
  // lifeboat.yaml:3:1 …".
  Error as_error(const std::string& file) const;

 private:
  std::vector<Problem> all_;
  std::size_t errors_ = 0;
};

// "lifeboat.yaml:12:5: unknown key \"pth\" (did you mean \"path\"?)"
std::string describe(const std::string& file, const Problem& problem);

}  // namespace lifeboat::config
