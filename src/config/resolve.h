#pragma once
// Fills in the variables of what a command uses, and only of that: a restore never needs the
// variables of a source. Keeps references to the configuration and the variables; thread-safe.
#include <map>
#include <memory>
#include <optional>

#include "base/run_context.h"
#include "config/config.h"
#include "engine/options.h"
#include "storage/options.h"

namespace lifeboat::config {

struct ResolvedHooks {
  std::string before_backup;  // empty = none
  std::string after_backup;
  Duration timeout{0};
};

struct ResolvedKey {
  KeyReference::Kind kind = KeyReference::Kind::passphrase;
  Secret secret;  // the passphrase, or the text of the key file
};

// All functions: `config_invalid` naming the value's place when a variable is not set or its text
// is not what the key needs.
class Resolver {
 public:
  Resolver(const Config& config, const Variables& variables)
      : config_(config), variables_(variables) {}

  Result<engine::SourceOptions> source(const Source& source) const;
  // The source that markers are written into, by a user who may. `config_invalid` when the service
  // has no markers.
  Result<engine::SourceOptions> marked_source(const Service& service) const;
  Result<storage::Options> repository(const Repository& repository) const;
  // Reads a file or runs a command where the configuration says so.
  Result<ResolvedKey> key(const Repository& repository, const RunContext& context) const;
  Result<ResolvedHooks> hooks(const Service& service) const;
  Result<drill::DrillOptions> drill(const Drill& drill) const;
  // The server on which it makes databases; null where it makes none.
  Result<std::shared_ptr<const Secret>> scratch(const Drill& drill) const;
  // Reads files or runs commands where the configuration says so.
  Result<notify::Options> notifier(const Notifier& notifier, const RunContext& context) const;
  // What must not stand in a message to people: the values of the variables that secrets and
  // commands are written with, as far as they are set.
  std::vector<std::string> secret_values() const;
  // Nothing when it is not configured, or cannot be found now.
  std::optional<std::string> release(const Service& service, const RunContext& context) const;
  // Those of the named secrets that are set.
  std::map<std::string, std::string> secrets(const Service& service) const;
  // Empty when its variables are not set: nothing fails for want of a name in a report.
  std::string owner(const Service& service) const;

 private:
  Result<std::string> value(const Template& text, std::string_view row_path) const;
  Result<std::string> path(const Template& text, std::string_view row_path) const;
  Result<std::shared_ptr<const Secret>> uri(const SecretReference& reference) const;
  Result<std::uint64_t> rate(const Template& text, std::string_view row_path) const;
  Result<void> mail(const Notifier& notifier, notify::Options& options) const;
  Result<engine::foreign::Options> foreign(const ForeignSource& source) const;
  Result<void> app(drill::AppOptions& options, const std::string& place) const;
  Result<void> command(drill::CommandCheck& check, const std::string& place) const;
  Result<void> before(drill::BeforeCommand& command, const std::string& place) const;
  Result<void> plain_path(std::string& path, const std::string& place) const;
  Result<void> text(std::string& text, const std::string& place,
                    std::vector<std::string>& secrets) const;

  const Config& config_;
  const Variables& variables_;
};

}  // namespace lifeboat::config
