#pragma once
// Where a secret comes from: a variable, a file or a command, never kept longer than its use.
// Values only.
#include "base/file.h"
#include "base/run_context.h"
#include "base/secret.h"
#include "config/template.h"

namespace lifeboat::config {

class SecretReference {
 public:
  enum class Kind : std::uint8_t { text, file, command };

  SecretReference() = default;
  SecretReference(Kind kind, Template what) : kind_(kind), what_(std::move(what)) {}
  // "file:/path", "command:…", else a text, which should be nothing but a variable.
  static Result<SecretReference> parse(const std::string& written, const std::string& place);
  // The secret itself stands in the configuration.
  static bool is_literal(const Template& written);

  // At most 64 KiB; one line end at the end of a file or of a command's output is not part of it. A
  // relative path begins at `directory`. Errors name the place and never the secret.
  // `config_invalid` when it is empty.
  Result<Secret> resolve(const Variables& variables, const fs::path& directory,
                         const RunContext& context) const;
  // The same where no command may run: one is `config_invalid`.
  Result<Secret> resolve_quietly(const Variables& variables, const fs::path& directory) const;
  // Without the secret: "${VARIABLE}", "the file /path", "a command", "the configuration itself".
  std::string describe() const;
  Kind kind() const { return kind_; }
  const Template& what() const { return what_; }

 private:
  Result<Secret> read(const std::string& resolved, const fs::path& directory,
                      const RunContext& context) const;

  Kind kind_ = Kind::text;
  Template what_;
};

}  // namespace lifeboat::config
