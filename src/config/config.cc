#include "config/config.h"

#include <fmt/format.h>

#include "base/nearest.h"
#include "config/bind.h"
#include "config/references.h"
#include "config/validate.h"
#include "config/yaml.h"

namespace lifeboat::config {
namespace {

constexpr std::size_t kMostConfigBytes = 4U << 20U;
constexpr const char* kFileName = "lifeboat.yaml";
constexpr const char* kSystemFile = "/etc/lifeboat/lifeboat.yaml";

template <class T>
Result<const T*> find_by_name(const std::vector<T>& all, std::string_view name,
                              std::string_view what) {
  std::vector<std::string_view> known;
  for (const auto& one : all) {
    if (one.name == name) return &one;
    known.push_back(one.name);
  }
  const auto nearest = nearest_word(name, known);
  return fail(Error(Code::config_invalid, fmt::format("there is no {} \"{}\"", what, name))
                  .with_hint(nearest.empty()
                                 ? fmt::format("The configuration has: {}.", fmt::join(known, ", "))
                                 : fmt::format("Did you mean \"{}\"?", nearest)));
}

// The application's own file may be unreadable for us or absent; then there is nothing in it for
// us.
void add_env_file(const fs::path& path, Variables& variables) {
  auto bytes = read_file(path, kMostConfigBytes);
  if (!bytes) return;
  variables.add_env_file(to_text(*bytes));
  wipe(*bytes);
}

std::vector<Problem> warnings_of(const Problems& problems) {
  std::vector<Problem> warnings;
  for (auto& problem : problems.sorted())
    if (problem.level == Problem::Level::warning) warnings.push_back(std::move(problem));
  return warnings;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

Result<const Drill*> Service::find_drill(std::string_view wanted) const {
  if (wanted.empty()) return drills.empty() ? nullptr : &drills.front();
  std::string known;
  for (const auto& each : drills) {
    if (each.options.name == wanted) return &each;
    known += (known.empty() ? "" : ", ") + each.options.name;
  }
  return fail(Error(Code::config_invalid,
                    "service " + name + " has no drill \"" + std::string(wanted) + "\"")
                  .with_hint("Its drills are: " + (known.empty() ? "none" : known) + "."));
}

std::string Service::drill_name(std::string_view wanted) const {
  if (!wanted.empty()) return std::string(wanted);
  return drills.empty() ? drill::kPlainDrill : drills.front().options.name;
}

bool Service::takes() const {
  return std::any_of(sources.begin(), sources.end(),
                     [](const Source& source) { return !source.is_foreign(); });
}

std::string Service::foreign_names() const {
  std::string names;
  for (const auto& source : sources)
    if (source.is_foreign()) names += (names.empty() ? "" : ", ") + source.name;
  return names;
}

Result<const Service*> Config::find_service(std::string_view name) const {
  return find_by_name(services, name, "service");
}

Result<const Repository*> Config::find_repository(std::string_view name) const {
  return find_by_name(repositories, name, "repository");
}

Result<const Notifier*> Config::find_notifier(std::string_view name) const {
  return find_by_name(notifiers, name, "notifier");
}

Result<Loaded> load_config(const fs::path& file, std::map<std::string, std::string> environment) {
  auto bytes = read_file(file, kMostConfigBytes);
  if (!bytes) return fail(std::move(bytes).error().add_context("the configuration"));
  Variables variables(std::move(environment));
  add_env_file(fs::absolute(file).parent_path() / ".env", variables);
  return parse_config(to_text(*bytes), file, std::move(variables));
}

Result<Loaded> parse_config(std::string_view text, const fs::path& file, Variables variables) {
  Problems problems;
  auto document = read_yaml(text, problems);
  if (!document && !problems.has_errors()) problems.error({}, "the file is empty");
  if (document) {
    check_against_schema(*document, variables, problems);
    check_references(*document, problems);
  }
  if (problems.has_errors()) return fail(problems.as_error(file.string()));
  auto config = TRY(bind_config(std::move(*document), file));
  return Loaded{std::move(config), std::move(variables), warnings_of(problems)};
}

Result<fs::path> find_config(const std::string& flag,
                             const std::map<std::string, std::string>& environment,
                             const fs::path& working_directory) {
  const auto named = environment.find("LIFEBOAT_CONFIG");
  const std::string chosen = !flag.empty()                ? flag
                             : named != environment.end() ? named->second
                                                          : std::string();
  if (!chosen.empty()) {
    const fs::path path = working_directory / chosen;
    if (is_there(path)) return path;
    return fail(Error(Code::config_invalid, fmt::format("there is no file {}", path.string()))
                    .with_hint(flag.empty() ? "LIFEBOAT_CONFIG names it." : "--config names it."));
  }
  for (const auto& path : {working_directory / kFileName, fs::path(kSystemFile)})
    if (is_there(path)) return path;
  return fail(Error(Code::config_invalid,
                    fmt::format("there is no configuration: looked for {} and {}",
                                (working_directory / kFileName).string(), kSystemFile))
                  .with_hint("Run `lifeboat init` to write one, or name one with --config."));
}

}  // namespace lifeboat::config
