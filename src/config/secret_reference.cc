#include "config/secret_reference.h"

#include <fmt/format.h>

#include "base/subprocess.h"

namespace lifeboat::config {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kCommand = "command:";
constexpr std::size_t kMostSecretBytes = 64U << 10U;

Secret without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return Secret::from_text(text);
}

Result<Secret> read_secret_file(const fs::path& path) {
  auto bytes = TRY(read_file(path, kMostSecretBytes));
  auto secret = without_line_end({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  wipe(bytes);
  return secret;
}

// Only what it prints on its standard output counts; its complaints must not become the passphrase.
Result<Secret> run_secret_command(const std::string& command, const RunContext& context) {
  CommandSpec spec;
  spec.shell_text = "{ " + command + "\n} 2>/dev/null";
  spec.timeout = std::chrono::minutes(1);
  auto outcome = TRY(run_command(spec, context));
  auto secret = without_line_end(outcome.output);
  wipe(outcome.output);
  if (outcome.exit_status == 0) return secret;
  return fail(
      Error(Code::command_failed,
            fmt::format("the command for a secret ended with status {}", outcome.exit_status))
          .with_hint("Run the command by hand to see what it says."));
}

}  // namespace

Result<SecretReference> SecretReference::parse(const std::string& written,
                                               const std::string& place) {
  Kind kind = Kind::text;
  std::string_view rest = written;
  if (rest.starts_with(kFile)) {
    kind = Kind::file;
    rest.remove_prefix(kFile.size());
  } else if (rest.starts_with(kCommand)) {
    kind = Kind::command;
    rest.remove_prefix(kCommand.size());
  }
  return SecretReference(kind, TRY(Template::parse(rest, place)));
}

bool SecretReference::is_literal(const Template& written) {
  const bool elsewhere = written.text().starts_with(kFile) || written.text().starts_with(kCommand);
  return !elsewhere && written.has_literal_text();
}

Result<Secret> SecretReference::resolve(const Variables& variables, const fs::path& directory,
                                        const RunContext& context) const {
  auto resolved = TRY(what_.resolve(variables));
  auto secret = read(resolved, directory, context);
  wipe(resolved);
  if (!secret) return fail(std::move(secret).error().add_context(what_.place()));
  if (!secret->empty()) return secret;
  return fail(Error(Code::config_invalid, "the secret is empty").add_context(what_.place()));
}

Result<Secret> SecretReference::resolve_quietly(const Variables& variables,
                                                const fs::path& directory) const {
  if (kind_ == Kind::command)
    return fail(Error(Code::config_invalid, "this cannot come from a command")
                    .with_hint("Write ${VARIABLE} or file:/path.")
                    .add_context(what_.place()));
  auto resolved = TRY(what_.resolve(variables));
  auto secret = kind_ == Kind::file ? read_secret_file(directory / resolved)
                                    : Result<Secret>(Secret::from_text(resolved));
  wipe(resolved);
  if (!secret) return fail(std::move(secret).error().add_context(what_.place()));
  if (!secret->empty()) return secret;
  return fail(Error(Code::config_invalid, "it is empty").add_context(what_.place()));
}

Result<Secret> SecretReference::read(const std::string& resolved, const fs::path& directory,
                                     const RunContext& context) const {
  switch (kind_) {
    case Kind::text:
      return Secret::from_text(resolved);
    case Kind::file:
      return read_secret_file(directory / resolved);
    case Kind::command:
      return run_secret_command(resolved, context);
  }
  return fail(Code::internal, "a secret of no kind");
}

std::string SecretReference::describe() const {
  switch (kind_) {
    case Kind::text:
      return what_.has_literal_text() ? "the configuration itself" : what_.text();
    case Kind::file:
      return "the file " + what_.text();
    case Kind::command:
      return "a command";
  }
  return {};
}

}  // namespace lifeboat::config
