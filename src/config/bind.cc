#include "config/bind.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_value.h"
#include "config/bind_app.h"
#include "config/bind_commands.h"
#include "config/bind_notify.h"
#include "config/bind_runbook.h"
#include "config/place.h"
#include "config/values.h"

namespace lifeboat::config {
namespace {

Result<Template> bind_template(const Place& place) {
  return Template::parse(place.text(), place.path);
}

Result<bool> bind_flag(const Place& place) {
  if (place.absent()) return false;
  return parse_flag(place.text());
}

Result<unsigned> bind_count(const Place& place) {
  if (place.absent()) return 0U;
  return parse_count(place.text());
}

Result<Duration> bind_duration(const Place& place, Duration fallback) {
  if (place.absent()) return fallback;
  return parse_duration(place.text());
}

Result<std::optional<Duration>> bind_optional_duration(const Place& place) {
  if (place.absent()) return std::nullopt;
  return std::optional(TRY(parse_duration(place.text())));
}

Result<ForeignSource> bind_foreign(const Place& place) {
  ForeignSource source;
  source.from = TRY(bind_template(place["from"]));
  source.pattern = place["pattern"].text();
  source.format = place["format"].text();
  source.within = TRY(bind_optional_duration(place["within"]));
  source.database = place["database"].text();
  source.server = place["server"].text();
  source.folder = place["folder"].text();
  const auto unpacked = place["unpacked"];
  if (!unpacked["bytes"].absent()) source.bytes = TRY(parse_size(unpacked["bytes"].text()));
  source.entries = TRY(bind_count(unpacked["entries"]));
  source.restore = TRY(bind_template(place["restore"]));
  for (const auto& member : place["environment"].node.members)
    source.environment[member.key] = TRY(bind_template(place["environment"][member.key]));
  source.timeout = TRY(bind_optional_duration(place["timeout"]));
  return source;
}

Result<engine::mongodb::Options> bind_mongodb(const Place& place) {
  using engine::mongodb::ReadPreference;
  engine::mongodb::Options options;
  const auto& wanted = place["read_preference"].text();
  if (wanted == "secondary") options.read_preference = ReadPreference::secondary;
  if (wanted == "secondary_preferred")
    options.read_preference = ReadPreference::secondary_preferred;
  options.max_lag = TRY(bind_duration(place["max_lag"], options.max_lag));
  options.fuzzy = place["sharded"].text() == "fuzzy";
  options.series_as_documents = place["time_series"].text() == "documents";
  return options;
}

Result<Source> bind_source(const std::string& name, const Place& place) {
  Source source;
  source.name = name;
  source.type = place["type"].text();
  source.path = TRY(bind_template(place["path"]));
  const auto uri = place["uri"];
  if (!uri.absent()) source.uri = TRY(SecretReference::parse(uri.text(), uri.path));
  source.database = place["database"].text();
  source.mongodb = TRY(bind_mongodb(place));
  source.foreign = TRY(bind_foreign(place));
  for (const auto& item : place["exclude"].node.items)
    source.exclude.push_back(TRY(Template::parse(item.text, place.path + ".exclude")));
  source.one_file_system = TRY(bind_flag(place["one_file_system"]));
  source.hash_files = TRY(bind_flag(place["hash_files"]));
  source.read_limit = TRY(bind_template(place["limits"]["read"]));
  source.workers = TRY(bind_count(place["limits"]["workers"]));
  return source;
}

Result<Hooks> bind_hooks(const Place& place) {
  Hooks hooks;
  hooks.before_backup = TRY(bind_template(place["before_backup"]));
  hooks.after_backup = TRY(bind_template(place["after_backup"]));
  hooks.timeout = TRY(bind_duration(place["timeout"], hooks.timeout));
  return hooks;
}

Result<policy::RetentionOptions> bind_retention(const Place& place) {
  policy::RetentionOptions retention;
  retention.keep_last = TRY(bind_count(place["keep_last"]));
  retention.keep_within = TRY(bind_duration(place["keep_within"], Duration(0)));
  return retention;
}

drill::LogMoment bind_log_moment(const std::string& written) {
  if (written == "latest") return drill::LogMoment::latest;
  if (written == "random") return drill::LogMoment::random;
  return written == "boundary" ? drill::LogMoment::boundary : drill::LogMoment::none;
}

Result<std::optional<Markers>> bind_markers(const Place& place) {
  if (place.absent()) return std::nullopt;
  Markers markers;
  markers.source = place["source"].text();
  if (!place["name"].absent()) markers.name = place["name"].text();
  const auto uri = place["uri"];
  if (!uri.absent()) markers.uri = TRY(SecretReference::parse(uri.text(), uri.path));
  markers.every = TRY(bind_duration(place["every"], markers.every));
  return markers;
}

Result<drill::Check> bind_blobs(const Place& place) {
  drill::BlobsCheck check;
  std::tie(check.source, check.table) = TRY(parse_table(place["rows"].text()));
  check.where = place["where"].text();
  check.key = place["key"].text();
  check.size = place["size"].text();
  check.sha256 = place["sha256"].text();
  check.files = place["in"].text();
  return check;
}

// What people write of MongoDB becomes the command that its engine takes.
std::string bind_question(const Place& place) {
  const auto count = place["count"];
  const auto aggregate = place["aggregate"];
  if (!count.absent()) {
    const auto where = count["where"].absent() ? std::string("{}") : count["where"].text();
    return R"({"count": )" + canonical_json(Json(count["collection"].text())) + R"(, "query": )" +
           where + "}";
  }
  if (!aggregate.absent())
    return R"({"aggregate": )" + canonical_json(Json(aggregate["collection"].text())) +
           R"(, "pipeline": )" + aggregate["pipeline"].text() + "}";
  return place["sql"].text();
}

Result<drill::Check> bind_query(const Place& place) {
  drill::QueryCheck check;
  check.name = place["name"].text();
  check.source = place["source"].text();
  check.text = bind_question(place);
  check.expect = TRY(parse_expectation(place["expect"].text()));
  return check;
}

Result<drill::Check> bind_freshness(const Place& place) {
  drill::FreshnessCheck check;
  check.source = place["source"].text();
  check.table = place["table"].text();
  check.field = place["field"].text();
  check.within = TRY(parse_duration(place["within"].text()));
  return check;
}

Result<drill::Check> bind_migrations(const Place& place) {
  drill::MigrationsCheck check;
  check.source = place["source"].text();
  check.folder = place["folder"].text();
  TRY(bind_template(place["folder"]));  // filled in by Resolver::drill()
  return check;
}

Result<drill::Check> bind_check(const Place& place, std::size_t number) {
  if (!place["blobs"].absent()) return bind_blobs(place["blobs"]);
  if (!place["query"].absent()) return bind_query(place["query"]);
  if (!place["freshness"].absent()) return bind_freshness(place["freshness"]);
  if (!place["migrations"].absent()) return bind_migrations(place["migrations"]);
  if (!place["command"].absent()) return bind_command(place["command"], number);
  if (!place["manual"].absent()) return bind_manual(place["manual"]);
  return fail(Code::internal, "a check of no known kind at " + place.path);
}

Result<Drill> bind_drill(const std::string& name, const Place& place) {
  Drill drill;
  drill.options.name = name;
  if (!place["tier"].absent()) drill.options.tier = place["tier"].text();
  drill.options.environment = place["environment"].text();
  drill.options.combined_with = place["combined_with"].text();
  drill.options.from = place["from"].text();
  drill.options.within = TRY(bind_optional_duration(place["within"]));
  for (const auto& item : place["runbook"].node.items)
    drill.options.runbook.push_back(TRY(bind_runbook_step({item, place.path + ".runbook"})));
  drill.cron = place["trigger"]["cron"].text();
  drill.on_change = TRY(bind_flag(place["trigger"]["on_change"]));
  drill.after_backup = TRY(bind_flag(place["trigger"]["after_backup"]));
  drill.options.log_moment = bind_log_moment(place["pitr"].text());
  drill.cold_start = TRY(bind_flag(place["cold_start"]));
  drill.sandbox_directory = TRY(bind_template(place["sandbox"]["directory"]));
  drill.options.server = place["sandbox"]["server"].text();
  if (const auto uri = place["sandbox"]["uri"]; !uri.absent())
    drill.scratch = TRY(SecretReference::parse(uri.text(), uri.path));
  std::size_t number = 0;
  for (const auto& item : place["checks"].node.items)
    drill.options.checks.push_back(TRY(bind_check({item, place.path + ".checks"}, ++number)));
  number = 0;
  for (const auto& item : place["before"].node.items)
    drill.options.before.push_back(TRY(bind_before({item, place.path + ".before"}, ++number)));
  if (const auto app = place["app"]; !app.absent()) {
    drill.options.app = TRY(bind_app(app));
    for (const auto& item : place["network"]["allow"].node.items)
      drill.options.app->ways_out.push_back(TRY(parse_destination(item.text)));
  }
  return drill;
}

Result<Service> bind_service(const std::string& name, const Place& place) {
  Service service;
  service.name = name;
  service.owner = TRY(bind_template(place["owner"]));
  if (!place["tz"].absent()) service.tz = place["tz"].text();
  if (const auto& release = place["release"]; !release.absent())
    service.release = TRY(SecretReference::parse(release.text(), release.path));
  for (const auto& item : place["secrets"].node.items) service.secrets.push_back(item.text);
  service.objectives.rpo = TRY(bind_optional_duration(place["objectives"]["rpo"]));
  service.objectives.rto = TRY(bind_optional_duration(place["objectives"]["rto"]));
  for (const auto& source : place["sources"].node.members)
    service.sources.push_back(TRY(bind_source(source.key, place["sources"][source.key])));
  for (const auto& item : place["repositories"].node.items)
    service.repositories.push_back(item.text);
  service.hooks = TRY(bind_hooks(place["hooks"]));
  service.markers = TRY(bind_markers(place["markers"]));
  service.retention = TRY(bind_retention(place["retention"]));
  for (const auto* type : {"full", "incremental", "differential"})
    if (const auto& cron = place["schedule"][type]; !cron.absent())
      service.schedule.push_back({type, cron.text()});
  for (const auto& drill : place["drills"].node.members)
    service.drills.push_back(TRY(bind_drill(drill.key, place["drills"][drill.key])));
  for (const auto& item : place["notify"].node.items) service.notify.push_back(item.text);
  return service;
}

Result<KeyReference> bind_key(const Place& place) {
  using Kind = SecretReference::Kind;
  const auto& passphrase = place["passphrase"];
  if (!passphrase.absent())
    return KeyReference{KeyReference::Kind::passphrase,
                        TRY(SecretReference::parse(passphrase.text(), passphrase.path))};
  if (!place["command"].absent())
    return KeyReference{KeyReference::Kind::passphrase,
                        {Kind::command, TRY(bind_template(place["command"]))}};
  if (!place["recipient"].absent())
    return KeyReference{KeyReference::Kind::recipient,
                        {Kind::file, TRY(bind_template(place["recipient"]))}};
  return KeyReference{KeyReference::Kind::key_file,
                      {Kind::file, TRY(bind_template(place["file"]))}};
}

Result<Repository> bind_repository(const std::string& name, const Place& place) {
  Repository repository;
  repository.name = name;
  repository.url = TRY(bind_template(place["url"]));
  repository.key = TRY(bind_key(place["key"]));
  repository.upload_limit = TRY(bind_template(place["limits"]["upload"]));
  repository.download_limit = TRY(bind_template(place["limits"]["download"]));
  repository.medium = place["medium"].text();
  repository.region = place["region"].text();
  repository.offsite = TRY(bind_flag(place["offsite"]));
  return repository;
}

Result<Config> bind_root(const Node& document) {
  Config config;
  const Place services{*document.find("services"), "services"};
  for (const auto& service : services.node.members)
    config.services.push_back(TRY(bind_service(service.key, services[service.key])));
  const Place repositories{*document.find("repositories"), "repositories"};
  for (const auto& repository : repositories.node.members)
    config.repositories.push_back(
        TRY(bind_repository(repository.key, repositories[repository.key])));
  const Place notifiers = Place{document, ""}["notifiers"];
  for (const auto& notifier : notifiers.node.members)
    config.notifiers.push_back(
        TRY(bind_notifier(notifier.key, {notifier.value, "notifiers." + notifier.key})));
  return config;
}

}  // namespace

Result<Config> bind_config(Node document, const fs::path& file) {
  if (document.find("services") == nullptr || document.find("repositories") == nullptr)
    return fail(Code::internal, "a configuration that was not checked");
  auto config = TRY(bind_root(document));
  config.file = file;
  config.directory = file.empty() ? fs::path() : fs::absolute(file).parent_path();
  config.document = std::move(document);
  return config;
}

}  // namespace lifeboat::config
