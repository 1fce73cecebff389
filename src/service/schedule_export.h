#pragma once
// What is due, and the same written for the programs that start things in time. Pure.
#include <string>
#include <vector>

#include "config/config.h"
#include "policy/schedule.h"

namespace lifeboat::service {

// One thing that is to happen again and again.
struct Due {
  std::string service;
  std::string what;                    // "backup full", "drill nightly"
  std::vector<std::string> arguments;  // of `lifeboat`
  policy::Schedule schedule;
};

// Of one service, as configured; `config_invalid` names the entry whose schedule is wrong.
Result<std::vector<Due>> due_of(const config::Service& service);

struct ExportSetup {
  std::string program;   // the path of `lifeboat`
  std::string config;    // the path for --config
  std::string local_tz;  // of this machine
};

struct ExportFile {
  std::string name;
  std::string text;
};

// Lines for crontab(5). cron knows only the machine's own time zone: `refused` for another.
Result<std::vector<ExportFile>> export_cron(const std::vector<Due>& due, const ExportSetup& setup);
// A service and a timer each; what was missed while the machine was off is caught up.
std::vector<ExportFile> export_systemd(const std::vector<Due>& due, const ExportSetup& setup);
// A workflow for a runner that has the configuration. GitHub knows only UTC: `refused` for another
// zone.
Result<std::vector<ExportFile>> export_github(const std::vector<Due>& due,
                                              const ExportSetup& setup);

}  // namespace lifeboat::service
