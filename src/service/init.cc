#include "service/init.h"

#include <unistd.h>

#include "config/config.h"
#include "service/discovery.h"
#include "service/service.h"
#include "service/starter.h"
#include "service/write_new.h"

namespace lifeboat::service {
namespace {

using std::filesystem::path;

path repository_place(const Setup& setup, const std::string& service) {
  if (geteuid() == 0) return path("/var/backups/lifeboat") / service;
  const auto data = value_of(setup.environment, "XDG_DATA_HOME");
  const auto base =
      data.empty() ? path(value_of(setup.environment, "HOME")) / ".local/share" : path(data);
  return base / "lifeboat" / service;
}

Json discovery_json(const Discovery& discovery) {
  Json json;
  json["sources"] = Json::array();
  for (const auto& source : discovery.sources)
    json["sources"].push_back({{"name", source.name},
                               {"type", source.type},
                               {"path", source.path.string()},
                               {"reason", source.reason}});
  json["foreign"] = Json::array();
  for (const auto& foreign : discovery.foreign)
    json["foreign"].push_back({{"what", foreign.what},
                               {"where", foreign.where},
                               {"can_be_drilled", foreign.dumps.has_value()}});
  json["all_seen"] = discovery.all_seen;
  return json;
}

Failure nothing_found(const Discovery& discovery) {
  std::string also;
  for (const auto& foreign : discovery.foreign)
    also += "\n  " + foreign.what + ", " + foreign.where;
  return fail(
      Error(Code::not_found, "no SQLite database and no folder of uploads below " +
                                 discovery.directory.string() +
                                 (also.empty() ? "" : "; found, but not in this version:" + also))
          .with_hint(
              "Name the application's directory: `lifeboat init DIRECTORY`. Or write the file by "
              "hand: docs/reference/configuration.md."));
}

Result<std::string> make_repository(Service& service, const std::string& name,
                                    const RunContext& context, Json& row) {
  auto opened = service.open_repository(name, context);
  const bool absent = !opened && opened.error().code() == Code::not_found;
  if (absent) opened = service.create_repository(name, context);
  if (!opened) return fail(std::move(opened).error());
  row["name"] = name;
  row["made"] = absent;
  row["id"] = (*opened)->id().hex();
  row["medium"] = (*opened)->description();
  return name;
}

}  // namespace

Result<Answer> init_configuration(const Setup& setup, const InitRequest& request,
                                  const RunContext& context) {
  DiscoveryOptions options;
  options.directory = setup.working_directory / request.directory;
  options.environment = setup.environment;
  const auto discovery = TRY(discover(options, context));
  if (discovery.sources.empty()) return nothing_found(discovery);
  StarterOptions starter;
  starter.service =
      request.service.empty() ? service_name_for(discovery.directory) : request.service;
  starter.repository = request.repository.empty()
                           ? repository_place(setup, starter.service).string()
                           : (setup.working_directory / request.repository).string();
  const auto text = starter_yaml(discovery, starter);
  const auto file = setup.working_directory / request.output;
  // What it writes must be what it reads: a mistake here is a bug, not the user's.
  const auto parsed = config::parse_config(text, file, config::Variables());
  if (!parsed) return fail(Code::internal, parsed.error().describe());
  TRY(write_new(file, text));
  Answer answer{discovery_json(discovery), 0};
  answer.body["file"] = file.string();
  answer.body["service"] = starter.service;
  answer.body["repository"] = starter.repository;
  return answer;
}

Result<Answer> init_repositories(const Setup& setup, const std::string& name,
                                 const RunContext& context) {
  const auto file =
      TRY(config::find_config(setup.config, setup.environment, setup.working_directory));
  const auto loaded = TRY(config::load_config(file, setup.environment));
  Service service(loaded.config, loaded.variables, default_settings(setup.environment));
  Answer answer;
  answer.body["file"] = file.string();
  answer.body["repositories"] = Json::array();
  if (!name.empty()) TRY(loaded.config.find_repository(name));
  for (const auto& repository : loaded.config.repositories) {
    if (!name.empty() && repository.name != name) continue;
    Json row;
    TRY(make_repository(service, repository.name, context, row));
    answer.body["repositories"].push_back(std::move(row));
  }
  return answer;
}

}  // namespace lifeboat::service
