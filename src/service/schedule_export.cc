#include "service/schedule_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace lifeboat::service {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./:=@+,").find(c) != std::string_view::npos;
}

// A word of ExecStart= (systemd.service(5)): its own quotes, and %% and $$ for what it would fill.
std::string systemd_word(const std::string& word) {
  std::string quoted;
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '%' || c == '$') quoted += c;
    quoted += c;
  }
  return !word.empty() && std::ranges::all_of(word, is_plain) ? quoted : '"' + quoted + '"';
}

using Quote = std::string (*)(const std::string&);

std::string command_line(const Due& due, const ExportSetup& setup, Quote quote) {
  std::string line = quote(setup.program) + " --config " + quote(setup.config);
  for (const auto& argument : due.arguments) line += " " + quote(argument);
  return line + " --lock-wait 1h";  // a drill that meets a backup comes after it
}

Result<void> require_zone(const std::vector<Due>& due, const std::string& zone,
                          const std::string& program) {
  const auto other =
      std::ranges::find_if_not(due, [&](const Due& each) { return each.schedule.tz() == zone; });
  if (other == due.end()) return {};
  return fail(
      Error(Code::refused, fmt::format("{} knows only {}, and {} of {} is due in {}", program, zone,
                                       other->what, other->service, other->schedule.tz()))
          .with_hint("Set `tz` of the service to that zone, or export for systemd, which "
                     "keeps time zones."));
}

std::string unit_name(const Due& due) {
  auto name = "lifeboat-" + due.service + "-" + due.what;
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string service_unit(const Due& due, const ExportSetup& setup) {
  return fmt::format(
      "[Unit]\nDescription=Lifeboat: {} of {}\nWants=network-online.target\n"
      "After=network-online.target\n\n"
      "[Service]\nType=oneshot\nExecStart={}\nNice=10\nIOSchedulingClass=idle\n"
      "EnvironmentFile=-/etc/lifeboat/environment\n",
      due.what, due.service, command_line(due, setup, systemd_word));
}

std::string timer_unit(const Due& due) {
  auto text =
      fmt::format("[Unit]\nDescription=When {} of {} is due\n\n[Timer]\n", due.what, due.service);
  for (const auto& line : due.schedule.on_calendar()) text += "OnCalendar=" + line + "\n";
  return text + "Persistent=true\n\n[Install]\nWantedBy=timers.target\n";
}

// A text of YAML in single quotes.
std::string yaml_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string workflow_step(const Due& due, const ExportSetup& setup) {
  return fmt::format(
      "      - name: {}\n        if: ${{{{ !cancelled() && (github.event_name == "
      "'workflow_dispatch' || github.event.schedule == '{}') }}}}\n        run: {}\n",
      yaml_text(due.what + " of " + due.service), due.schedule.fields(),
      yaml_text(command_line(due, setup, shell_word)));
}

}  // namespace

Result<std::vector<Due>> due_of(const config::Service& service) {
  std::vector<Due> due;
  const auto add = [&](const std::string& what, const std::string& cron,
                       std::vector<std::string> arguments) -> Result<void> {
    auto schedule = TRY_CONTEXT("the schedule of " + what + " of " + service.name,
                                policy::Schedule::parse(cron, service.tz));
    due.push_back({service.name, what, std::move(arguments), std::move(schedule)});
    return {};
  };
  for (const auto& timer : service.schedule)
    TRY(add("backup " + timer.type, timer.cron, {"backup", service.name, "--type", timer.type}));
  for (const auto& drill : service.drills)
    if (!drill.cron.empty())
      TRY(add("drill " + drill.options.name, drill.cron,
              {"drill", "run", service.name, "--drill", drill.options.name}));
  const auto waits = [](const config::Drill& drill) {
    return drill.after_backup || drill.on_change;
  };
  // A quarter past, when what begins at the full hour is often over.
  if (std::ranges::any_of(service.drills, waits))
    TRY(add("due drills", "15 * * * *", {"drill", "run", service.name, "--due"}));
  return due;
}

Result<std::vector<ExportFile>> export_cron(const std::vector<Due>& due, const ExportSetup& setup) {
  TRY(require_zone(due, setup.local_tz, "cron"));
  std::string text = "# Written by `lifeboat schedule --export cron`. Times are of " +
                     setup.local_tz + ", the zone of this machine.\n";
  for (const auto& each : due) {
    auto command = command_line(each, setup, shell_word) + " --quiet";
    for (std::size_t at = 0; (at = command.find('%', at)) != std::string::npos; at += 2)
      command.insert(at, "\\");
    text += fmt::format("# {} of {}\n{} {}\n", each.what, each.service, each.schedule.fields(),
                        command);
  }
  return std::vector{ExportFile{"lifeboat.crontab", std::move(text)}};
}

std::vector<ExportFile> export_systemd(const std::vector<Due>& due, const ExportSetup& setup) {
  std::vector<ExportFile> files;
  for (const auto& each : due) {
    files.push_back({unit_name(each) + ".service", service_unit(each, setup)});
    files.push_back({unit_name(each) + ".timer", timer_unit(each)});
  }
  return files;
}

Result<std::vector<ExportFile>> export_github(const std::vector<Due>& due,
                                              const ExportSetup& setup) {
  TRY(require_zone(due, "UTC", "GitHub Actions"));
  std::string text =
      "# Written by `lifeboat schedule --export github-actions`. GitHub may start late, and stops\n"
      "# schedules of repositories that rest for 60 days.\n"
      "name: lifeboat\non:\n  workflow_dispatch:\n  schedule:\n";
  std::set<std::string> times;
  for (const auto& each : due) times.insert(each.schedule.fields());
  for (const auto& each : times) text += fmt::format("    - cron: '{}'\n", each);
  text +=
      "permissions: {}\nconcurrency: lifeboat\n"
      "jobs:\n  lifeboat:\n    runs-on: self-hosted\n    timeout-minutes: 360\n    steps:\n";
  for (const auto& each : due) text += workflow_step(each, setup);
  text +=
      "      - name: Say that it failed\n        if: ${{ failure() }}\n"
      "        run: echo '::error title=Lifeboat::a backup or a drill failed, see the step "
      "above' | tee -a \"$GITHUB_STEP_SUMMARY\"\n";
  return std::vector{ExportFile{"lifeboat.yml", std::move(text)}};
}

}  // namespace lifeboat::service
