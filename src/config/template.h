#pragma once
// Values with variables in them: kept as written, filled in only when a command uses them. Values
// only.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lifeboat::config {

// Where ${NAMES} come from: the environment first, then `.env` beside the configuration.
class Variables {
 public:
  Variables() = default;
  explicit Variables(std::map<std::string, std::string> environment)
      : environment_(std::move(environment)) {}

  // Lines NAME=value, `export` and quotes allowed; others are skipped, for the file is the
  // application's.
  void add_env_file(std::string_view text);
  std::optional<std::string_view> find(const std::string& name) const;

 private:
  std::map<std::string, std::string> environment_;
  std::map<std::string, std::string> env_file_;
};

// `${UPPER}`, `${UPPER:-default}`, `$$`; `${sandbox.x}`, `${facts.x}` and `${capture.x}` stay as
// they are.
class Template {
 public:
  Template() = default;
  // `config_invalid` for a `${` that is none of these. `place` names the value in errors.
  static Result<Template> parse(std::string_view text, std::string place = {});

  // `config_invalid` naming every variable that is needed and not set.
  Result<std::string> resolve(const Variables& variables) const;
  // The values of those of its variables that are set and stand in the result.
  std::vector<std::string> values(const Variables& variables) const;
  bool empty() const { return text_.empty(); }
  bool has_variables() const;
  // Text of its own besides or instead of variables: for a secret, that is the secret itself.
  bool has_literal_text() const;
  const std::string& text() const { return text_; }  // as written
  const std::string& place() const { return place_; }

 private:
  struct Part {
    std::string literal;  // when `variable` is empty
    std::string variable;
    std::optional<std::string> fallback;  // of a variable
  };

  // Takes the form at the front of `rest`, which begins with a dollar.
  Result<void> take_dollar(std::string_view& rest);
  Result<void> add_braced(std::string_view body);
  void add_literal(std::string_view literal);

  std::string text_;
  std::string place_;
  std::vector<Part> parts_;
};

}  // namespace lifeboat::config
