#include "config/resolve.h"

#include <algorithm>

#include "base/clock.h"
#include "config/app_texts.h"
#include "config/references_notify.h"
#include "config/schema.h"
#include "config/values.h"

namespace lifeboat::config {
namespace {

constexpr std::string_view kMemory = "memory:";
constexpr std::string_view kFileScheme = "file://";

std::string absolute_path(const fs::path& directory, const std::string& path) {
  auto text = (directory / path).lexically_normal().string();
  // "/srv/uploads/" names the same folder as "/srv/uploads".
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> Resolver::value(const Template& text, std::string_view row_path) const {
  auto resolved = TRY(text.resolve(variables_));
  TRY_CONTEXT(text.place(), check_value(*find_row(row_path), resolved));
  return resolved;
}

Result<std::string> Resolver::path(const Template& text, std::string_view row_path) const {
  return absolute_path(config_.directory, TRY(value(text, row_path)));
}

Result<std::uint64_t> Resolver::rate(const Template& text, std::string_view row_path) const {
  if (text.empty()) return 0U;
  return parse_size(TRY(value(text, row_path)));
}

Result<engine::SourceOptions> Resolver::marked_source(const Service& service) const {
  if (!service.markers)
    return fail(Error(Code::config_invalid, "service " + service.name + " has no markers")
                    .with_hint("Say in lifeboat.yaml where they go: markers: {source: NAME}."));
  const auto found = std::ranges::find(service.sources, service.markers->source, &Source::name);
  if (found == service.sources.end())
    return fail(Code::config_invalid, "there is no source \"" + service.markers->source + "\"");
  auto options = TRY(source(*found));
  if (service.markers->uri) options.uri = TRY(uri(*service.markers->uri));
  return options;
}

Result<engine::SourceOptions> Resolver::source(const Source& source) const {
  engine::SourceOptions options;
  options.name = source.name;
  options.type = source.type;
  if (source.type == "foreign") {
    options.foreign = TRY(foreign(source.foreign));
    options.path = options.foreign.from;
    return options;
  }
  if (source.type == "mongodb") {
    options.uri = TRY(uri(source.uri));
    options.database = source.database;
    options.mongodb = source.mongodb;
  } else {
    options.path = TRY(path(source.path, "services.*.sources.*.path"));
  }
  for (const auto& pattern : source.exclude)
    options.exclude.push_back(TRY(value(pattern, "services.*.sources.*.exclude")));
  options.one_file_system = source.one_file_system;
  options.hash_files = source.hash_files;
  options.read_limit = TRY(rate(source.read_limit, "services.*.sources.*.limits.read"));
  options.workers = source.workers;
  return options;
}

Result<engine::foreign::Options> Resolver::foreign(const ForeignSource& source) const {
  engine::foreign::Options options;
  if (!source.from.empty()) options.from = TRY(path(source.from, "services.*.sources.*.from"));
  options.pattern = source.pattern;
  options.format = source.format;
  options.within = source.within;
  options.database = source.database;
  options.server = source.server;
  options.folder = source.folder;
  options.limits.bytes = source.bytes;
  if (source.entries > 0) options.limits.entries = source.entries;
  if (!source.restore.empty())
    options.restore = TRY(value(source.restore, "services.*.sources.*.restore"));
  for (const auto& [name, text] : source.environment) {
    options.environment[name] = TRY(text.resolve(variables_));
    for (auto& secret : text.values(variables_)) options.secrets.push_back(std::move(secret));
  }
  for (auto& secret : source.restore.values(variables_))
    options.secrets.push_back(std::move(secret));
  if (source.timeout) options.timeout = *source.timeout;
  return options;
}

Result<storage::Options> Resolver::repository(const Repository& repository) const {
  storage::Options options;
  auto url = TRY(value(repository.url, "repositories.*.url"));
  if (url.starts_with(kFileScheme)) url.erase(0, kFileScheme.size());
  options.url = url.starts_with(kMemory) ? url : absolute_path(config_.directory, url);
  options.upload_limit = TRY(rate(repository.upload_limit, "repositories.*.limits.upload"));
  options.download_limit = TRY(rate(repository.download_limit, "repositories.*.limits.download"));
  return options;
}

Result<ResolvedKey> Resolver::key(const Repository& repository, const RunContext& context) const {
  auto secret = TRY(repository.key.secret.resolve(variables_, config_.directory, context));
  return ResolvedKey{repository.key.kind, std::move(secret)};
}

Result<ResolvedHooks> Resolver::hooks(const Service& service) const {
  ResolvedHooks hooks;
  if (!service.hooks.before_backup.empty())
    hooks.before_backup = TRY(service.hooks.before_backup.resolve(variables_));
  if (!service.hooks.after_backup.empty())
    hooks.after_backup = TRY(service.hooks.after_backup.resolve(variables_));
  hooks.timeout = service.hooks.timeout;
  return hooks;
}

Result<drill::DrillOptions> Resolver::drill(const Drill& drill) const {
  auto options = drill.options;
  if (!drill.sandbox_directory.empty())
    options.sandbox_directory =
        TRY(path(drill.sandbox_directory, "services.*.drills.*.sandbox.directory"));
  for (auto& check : options.checks) {
    auto* migrations = std::get_if<drill::MigrationsCheck>(&check);
    if (migrations == nullptr || migrations->folder.empty()) continue;
    constexpr auto kRow = "services.*.drills.*.checks.[].migrations.folder";
    migrations->folder = TRY(path(TRY(Template::parse(migrations->folder, kRow)), kRow));
  }
  const auto place = "drills." + options.name;
  for (auto& check : options.checks)
    if (auto* asked = std::get_if<drill::CommandCheck>(&check))
      TRY(command(*asked, place + ".checks.command"));
  for (auto& each : options.before) TRY(before(each, place + ".before"));
  if (options.app) TRY(app(*options.app, "drills." + options.name + ".app"));
  return options;
}

Result<std::shared_ptr<const Secret>> Resolver::scratch(const Drill& drill) const {
  if (!drill.scratch) return nullptr;
  return uri(*drill.scratch);
}

Result<std::shared_ptr<const Secret>> Resolver::uri(const SecretReference& reference) const {
  return std::make_shared<const Secret>(
      TRY(reference.resolve_quietly(variables_, config_.directory)));
}

Result<void> Resolver::command(drill::CommandCheck& check, const std::string& place) const {
  TRY(text(check.run, place, check.secrets));
  for (auto& [name, value] : check.environment) TRY(text(value, place, check.secrets));
  TRY(plain_path(check.directory, place));
  for (auto& path : check.visible) TRY(plain_path(path, place));
  return {};
}

Result<void> Resolver::before(drill::BeforeCommand& command, const std::string& place) const {
  TRY(text(command.run, place, command.secrets));
  return plain_path(command.directory, place);
}

// A path is no secret, wherever it came from.
Result<void> Resolver::plain_path(std::string& path, const std::string& place) const {
  if (path.empty()) return {};
  std::vector<std::string> plain;
  TRY(text(path, place, plain));
  path = absolute_path(config_.directory, path);
  return {};
}

Result<void> Resolver::text(std::string& text, const std::string& place,
                            std::vector<std::string>& secrets) const {
  const auto parsed = TRY(Template::parse(text, place));
  text = TRY(parsed.resolve(variables_));
  for (auto& value : parsed.values(variables_)) secrets.push_back(std::move(value));
  return {};
}

// What came from variables may be secret: it is never printed.
Result<void> Resolver::app(drill::AppOptions& options, const std::string& place) const {
  TRY(for_each_text(options,
                    [&](std::string& value) { return text(value, place, options.secrets); }));
  TRY(plain_path(options.directory, place));
  for (auto& path : options.visible) TRY(plain_path(path, place));
  return {};
}

Result<notify::Options> Resolver::notifier(const Notifier& notifier,
                                           const RunContext& context) const {
  notify::Options options;
  options.name = notifier.name;
  options.kind = notifier.kind;
  options.on = notifier.on;
  options.watches = notifier.watches;
  options.tls = notifier.tls;
  const auto secret = [&](const SecretReference& reference, Secret& into) -> Result<void> {
    if (!reference.what().empty())
      into = TRY(reference.resolve(variables_, config_.directory, context));
    return {};
  };
  TRY(secret(notifier.url, options.url));
  TRY(secret(notifier.signing, options.signing));
  TRY(secret(notifier.password, options.password));
  if (!notifier.ca.empty()) options.ca_file = TRY(path(notifier.ca, "notifiers.*.ca"));
  if (options.kind == notify::Kind::email) TRY(mail(notifier, options));
  return options;
}

Result<void> Resolver::mail(const Notifier& notifier, notify::Options& options) const {
  options.server = TRY(value(notifier.server, "notifiers.*.server"));
  TRY_CONTEXT(notifier.server.place(), check_mail_server(options.server));
  options.from = TRY(value(notifier.from, "notifiers.*.from"));
  TRY_CONTEXT(notifier.from.place(), check_mail_address(options.from));
  for (const auto& address : notifier.to) {
    options.to.push_back(TRY(value(address, "notifiers.*.to")));
    TRY_CONTEXT(address.place(), check_mail_address(options.to.back()));
  }
  if (!notifier.user.empty()) options.user = TRY(value(notifier.user, "notifiers.*.user"));
  return {};
}

std::vector<std::string> Resolver::secret_values() const {
  std::vector<std::string> values;
  const auto add = [&](const Template& text) {
    for (auto& value : text.values(variables_)) values.push_back(std::move(value));
  };
  for (const auto& each : config_.repositories) add(each.key.secret.what());
  for (const auto& each : config_.notifiers)
    for (const auto* secret : {&each.url, &each.signing, &each.password}) add(secret->what());
  for (const auto& each : config_.services) {
    for (const auto& source : each.sources) add(source.uri.what());
    if (each.markers && each.markers->uri) add(each.markers->uri->what());
    for (const auto& drill : each.drills)
      if (drill.scratch) add(drill.scratch->what());
    add(each.hooks.before_backup);
    add(each.hooks.after_backup);
    for (auto& [name, value] : secrets(each)) values.push_back(value);
  }
  return values;
}

std::optional<std::string> Resolver::release(const Service& service,
                                             const RunContext& context) const {
  if (!service.release) return std::nullopt;
  const auto found = service.release->resolve(variables_, config_.directory, context);
  if (found) return to_text(found->view());
  context.log.warning("the release is not known: " + found.error().describe());
  return std::nullopt;
}

std::map<std::string, std::string> Resolver::secrets(const Service& service) const {
  std::map<std::string, std::string> found;
  for (const auto& name : service.secrets)
    if (const auto value = variables_.find(name); value && !value->empty())
      found[name] = std::string(*value);
  return found;
}

std::string Resolver::owner(const Service& service) const {
  return service.owner.resolve(variables_).value_or("");
}

}  // namespace lifeboat::config
