#include <algorithm>

#include "policy/local_time.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/schedule_export.h"
#include "service/trigger_calls.h"

namespace lifeboat::service {
namespace {

Result<std::vector<Due>> due_of_all(const Composition& composition, const std::string& service) {
  std::vector<Due> all;
  const auto names = TRY(composition.service.service_names(
      service.empty() ? std::vector<std::string>{} : std::vector{service}));
  for (const auto& name : names)
    std::ranges::move(TRY(due_of(*TRY(composition.loaded.config.find_service(name)))),
                      std::back_inserter(all));
  return all;
}

// Drills that are due already, with the reason.
Result<Json> waiting_rows(Composition& composition, const std::string& service,
                          const RunContext& context) {
  Json rows = Json::array();
  const auto names = TRY(composition.service.service_names(
      service.empty() ? std::vector<std::string>{} : std::vector{service}));
  for (const auto& name : names)
    for (const auto& due : TRY(due_drills(composition, name, context)))
      rows.push_back({{"service", name},
                      {"what", "drill " + due.drill},
                      {"next", to_rfc3339(context.clock.now())},
                      {"why", due.reason},
                      {"schedule", "drill run --due"},
                      {"tz", ""}});
  return rows;
}

Result<std::vector<ExportFile>> export_for(const std::string& form, const std::vector<Due>& due,
                                           const ExportSetup& setup) {
  if (form == "cron") return export_cron(due, setup);
  if (form == "systemd") return export_systemd(due, setup);
  if (form == "github-actions") return export_github(due, setup);
  return fail(Error(Code::usage, "\"" + form + "\" is no form of a schedule")
                  .with_hint("Write cron, systemd or github-actions."));
}

}  // namespace

Result<Answer> list_due(const Setup& setup, const std::string& service, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto now = context.clock.now();
  auto all = TRY(due_of_all(*composition, service));
  std::ranges::stable_sort(all, {}, [&](const Due& due) { return due.schedule.next_after(now); });
  Json rows = TRY(waiting_rows(*composition, service, context));
  for (const auto& due : all)
    rows.push_back({{"service", due.service},
                    {"what", due.what},
                    {"next", to_rfc3339(due.schedule.next_after(now))},
                    {"why", "its time"},
                    {"schedule", due.schedule.text()},
                    {"tz", due.schedule.tz()}});
  return Answer{{{"due", std::move(rows)}}, 0};
}

Result<Answer> export_schedule(const Setup& setup, const ScheduleExport& call) {
  const auto composition = TRY(compose(setup));
  const auto due = TRY(due_of_all(*composition, call.service));
  if (due.empty())
    return fail(Error(Code::config_invalid, "no backup and no drill has a schedule")
                    .with_hint("Write `schedule: {full: \"0 3 * * *\"}` into the service."));
  ExportSetup machine{call.program, composition->loaded.config.file.string(),
                      policy::machine_zone()};
  Json files = Json::array();
  for (const auto& file : TRY(export_for(call.form, due, machine)))
    files.push_back({{"name", file.name}, {"text", file.text}});
  return Answer{{{"form", call.form}, {"files", std::move(files)}}, 0};
}

}  // namespace lifeboat::service
