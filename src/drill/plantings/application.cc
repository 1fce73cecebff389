#include <algorithm>
#include <array>

#include "drill/planting.h"

// An application whose surroundings are not right: it must not get ready, or its journeys must
// notice. The data is as it was backed up.
namespace lifeboat::drill {
namespace {

// What never gets ready is not waited for as long as an application that does.
constexpr Duration kShortly = std::chrono::seconds(3);
constexpr const char* kApplication = "app";

using Plant = std::function<Planted(Request& request, DrillState& state)>;

Planting of_application(const char* defect, std::vector<std::string> diagnoses, Plant plant) {
  return {kApplication,
          defect,
          {Verdict::failed, {"app", "journey"}, std::move(diagnoses)},
          true,
          std::move(plant)};
}

// As when the restore ran as another user than the application. A server has no such rights.
Planting unreadable(const std::string& source) {
  auto planting = of_application(
      "data-unreadable",
      {"app-lacks-rights", "app-ended", "app-not-ready", "app-fails-on-data", "release-lacks-it"},
      [source](const Request&, const DrillState& state) -> Planted {
        const auto found = std::ranges::find(state.restored, source, &RestoredPlace::source);
        if (found == state.restored.end() || is_on_server(state, source)) return std::nullopt;
        std::error_code error;
        std::filesystem::permissions(found->place, std::filesystem::perms::none, error);
        if (error) return fail_errno(error.value(), "cannot take the rights of " + found->place);
        return "nobody may read " + source;
      });
  planting.source = source;
  return planting;
}

Planted start_another(Request& request, const char* command, std::string said) {
  request.options.app->processes.back().command = command;
  return said;
}

Planting missing_program() {
  return of_application("program-missing", {"app-program-missing"},
                        [](Request& request, const DrillState&) {
                          return start_another(request, "exec ./no-such-program",
                                               "the application's program is not there");
                        });
}

Planting never_ready() {
  return of_application("never-ready", {"app-not-ready"}, [](Request& request, const DrillState&) {
    auto& ready = request.options.app->ready;
    ready.within = std::min(ready.within, kShortly);
    return start_another(request, "exec sleep 3600", "the application starts and does nothing");
  });
}

std::string another_like(const std::string& key) {
  std::string other(key.size(), 'x');
  if (other == key) other.assign(key.size(), 'y');
  return other;
}

bool replace_any(std::string& text, const std::string& what, const std::string& by) {
  bool any = false;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
    any = true;
  }
  return any;
}

// The keys that tokens are signed with here and that the application is handed too.
bool change_keys(AppOptions& options) {
  bool changed = false;
  for (const auto& [name, role] : options.roles) {
    if (!role.jwt || role.jwt->key.empty()) continue;
    for (auto& [variable, value] : options.environment)
      changed |= replace_any(value, role.jwt->key, another_like(role.jwt->key));
  }
  return changed;
}

bool is_password(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 4> kNames{"pass", "pwd", "secret", "passwd"};
  return std::ranges::any_of(
      kNames, [&](std::string_view each) { return name.find(each) != std::string::npos; });
}

bool spoil_passwords(Json& body) {
  if (!body.is_object()) return false;
  bool changed = false;
  for (const auto& [name, value] : body.items()) {
    if (!value.is_string() || !is_password(name)) continue;
    value = value.get<std::string>() + "-of-another";
    changed = true;
  }
  return changed;
}

// Of steps that are to be let in; a wrong password that must be refused stays what it is.
bool change_passwords(AppOptions& options) {
  bool changed = false;
  for (auto& step : options.journey) {
    if (step.expect.status.value_or(0) >= 400) continue;
    changed |= spoil_passwords(step.json);
    for (auto& [name, value] : step.form) {
      if (!is_password(name)) continue;
      value += "-of-another";
      changed = true;
    }
  }
  return changed;
}

// Whether it would change anything is asked of a copy, before something is restored for it.
Planting where_it_changes(const std::optional<AppOptions>& options, bool (*change)(AppOptions&),
                          Planting planting) {
  auto copy = options;
  if (!copy || !change(*copy)) planting.plant = nullptr;
  return planting;
}

Planting other_key(const std::optional<AppOptions>& options) {
  return where_it_changes(options, change_keys,
                          of_application("key-changed", {"not-let-in"},
                                         [](Request& request, const DrillState&) -> Planted {
                                           change_keys(*request.options.app);
                                           return "the application got another key for tokens";
                                         }));
}

Planting broken_login(const std::optional<AppOptions>& options) {
  return where_it_changes(options, change_passwords,
                          of_application("login-broken", {"not-let-in", "answers-otherwise"},
                                         [](Request& request, const DrillState&) -> Planted {
                                           change_passwords(*request.options.app);
                                           return "the passwords of the journey are others";
                                         }));
}

}  // namespace

std::vector<Planting> application_plantings(const DrillState& state) {
  const auto& options = state.request.options.app;
  std::vector<Planting> all;
  for (const auto& each : state.restored) all.push_back(unreadable(each.source));
  all.push_back(missing_program());
  all.push_back(never_ready());
  all.push_back(other_key(options));
  all.push_back(broken_login(options));
  if (!options)
    for (auto& planting : all) planting.plant = nullptr;
  return all;
}

}  // namespace lifeboat::drill
