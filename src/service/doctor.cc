#include "service/doctor.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/counted.h"
#include "config/config.h"
#include "config/generate.h"
#include "engine/all.h"
#include "engine/markers.h"
#include "engine/mongodb/validators_aside.h"
#include "notify/notifier.h"
#include "sandbox/cell.h"
#include "sandbox/sandbox.h"
#include "service/advice.h"
#include "service/placement.h"
#include "service/service.h"

namespace lifeboat::service {
namespace {

using std::filesystem::path;

constexpr std::uint64_t kLittleSpace = 1'000'000'000;

// One examination of one configuration.
class Doctor {
 public:
  Doctor(const config::Loaded& loaded, const Settings& settings, const RunContext& context)
      : config_(loaded.config),
        resolver_(loaded.config, loaded.variables),
        service_(loaded.config, loaded.variables, settings),
        context_(context) {}

  void examine(AdviceList& advice) {
    for (const auto& service : config_.services)
      for (const auto& source : service.sources) examine_source(service, source, advice);
    for (const auto& repository : config_.repositories) examine_repository(repository, advice);
    for (const auto& service : config_.services) examine_drills(service, advice);
    examine_notifiers(advice);
  }

 private:
  void examine_source(const config::Service& service, const config::Source& source,
                      AdviceList& advice) {
    const auto subject = "source " + service.name + "/" + source.name;
    const auto options = resolver_.source(source);
    const auto engine = options ? engine::find_engine(options->type) : fail(options.error());
    if (!engine) return advice.error(subject, engine.error());
    const auto found = (*engine)->examine(*options, context_);
    if (!found) return advice.error(subject, found.error());
    for (const auto& each : *found) advice.add(subject, each);
    if (found->empty()) advice.ok(subject, options->path);
    if (options->type == "files") sources_.emplace_back(subject, *options);
  }

  void examine_repository(const config::Repository& repository, AdviceList& advice) {
    const auto subject = "repository " + repository.name;
    const auto options = resolver_.repository(repository);
    if (!options) return advice.error(subject, options.error());
    examine_place(subject, options->url, advice);
    const auto opened = service_.open_repository(repository.name, context_);
    if (!opened) return advice.error(subject, opened.error());
    const auto list = (*opened)->snapshots(context_);
    if (!list) return advice.error(subject, list.error());
    for (const auto& finding : list->findings)
      advice.warning(subject, finding.message, "Run `lifeboat verify`.");
    advice.ok(subject, (*opened)->description() + ", " +
                           counted(list->snapshots.size(), "snapshot", "snapshots"));
    examine_newest(subject, list->snapshots, advice);
  }

  // A repository inside what it backs up would back up itself, and be lost with it.
  void examine_place(const std::string& subject, const path& place, AdviceList& advice) {
    for (const auto& [source, options] : sources_) {
      const path folder = options.path;
      if (would_read(options, place))
        advice.error(subject, place.string() + " is inside the " + source,
                     "Keep it elsewhere, best on another disk, or exclude it from that source.");
      else if (device_of(place) != 0 && device_of(place) == device_of(folder))
        advice.warning(subject, "on the same disk as the " + source,
                       "A disk that fails takes both: keep a copy on another one.");
    }
    const auto free = free_space(place);
    if (free && *free < kLittleSpace)
      advice.warning(subject, "only " + describe_size(*free) + " free",
                     "Make room, or run `lifeboat forget` and `lifeboat prune`.");
  }

  void examine_newest(const std::string& subject,
                      const std::vector<repository::SnapshotInfo>& snapshots, AdviceList& advice) {
    const auto newest =
        std::max_element(snapshots.begin(), snapshots.end(),
                         [](const auto& a, const auto& b) { return a.time < b.time; });
    if (newest == snapshots.end()) return;
    largest_ = std::max(largest_, newest->bytes);
    if (newest->time > context_.clock.now() + std::chrono::minutes(5))
      advice.error(
          subject,
          "its newest snapshot is from " + to_the_second(newest->time) + ", which is in the future",
          "Set the clock of this machine, or of the one that made it.");
  }

  void examine_drills(const config::Service& service, AdviceList& advice) {
    if (service.drills.empty())
      advice.warning("service " + service.name, "no drill is configured",
                     "Add one under `drills`: a backup that was never restored is only a hope.");
    for (const auto& drill : service.drills) {
      const auto subject = "drill " + service.name + "/" + drill.options.name;
      const auto options = resolver_.drill(drill);
      if (!options) {
        advice.error(subject, options.error());
        continue;
      }
      const path place = options->sandbox_directory.empty() ? service_.settings().state
                                                            : path(options->sandbox_directory);
      const auto free = free_space(place);
      if (free && *free < largest_)
        advice.warning(subject,
                       place.string() + " has " + describe_size(*free) +
                           " free, and a drill restores " + describe_size(largest_),
                       "Set sandbox.directory to a place with more room.");
      if (options->app) examine_isolation(subject, place, advice);
      for (const auto& kept :
           sandbox::list_kept(options->sandbox_directory.empty() ? place / "sandboxes" : place))
        advice.warning(subject, kept.directory.string() + " holds restored data",
                       "It was kept on request and goes with the first drill after " +
                           to_rfc3339(kept.until) + "; remove it if nobody needs it.");
    }
  }

  // The same cell and probe that the drill uses, with nothing in it.
  void examine_isolation(const std::string& subject, const path& place, AdviceList& advice) {
    const auto isolation = try_isolation(place);
    if (!isolation) return advice.error(subject, isolation.error());
    if (isolation->proven())
      return advice.ok(subject, "an application can be isolated here: " +
                                    std::to_string(isolation->attempts.size()) +
                                    " attempts from inside, all blocked");
    for (const auto& each : isolation->attempts)
      if (!each.blocked)
        advice.error(subject,
                     "from inside a sandbox, " + each.what + " " + each.target + ": " + each.found,
                     "Drills of the application will be unverified until this is blocked.");
  }

  Result<sandbox::Isolation> try_isolation(const path& place) const {
    TRY(make_directories(place));
    const auto scratch = TRY(ScratchDirectory::make(place));
    sandbox::CellSpec spec;
    spec.data = scratch.path() / "data";
    TRY(make_directories(spec.data));
    const auto cell = TRY(sandbox::Cell::open(spec, context_));
    return cell->probe({});
  }

  // Nothing is sent: that is `lifeboat notify test`.
  void examine_notifiers(AdviceList& advice) {
    for (const auto& notifier : config_.notifiers) {
      const auto subject = "notifier " + notifier.name;
      auto options = resolver_.notifier(notifier, context_);
      const auto opened = options
                              ? notify::open_notifier(std::move(*options))
                              : Result<std::unique_ptr<notify::Notifier>>(fail(options.error()));
      if (opened)
        advice.ok(subject, "`lifeboat notify test " + notifier.name + "` tries it out");
      else
        advice.error(subject, opened.error());
    }
  }

  static dev_t device_of(const path& place) {
    struct stat status{};
    return ::stat(place.c_str(), &status) == 0 ? status.st_dev : 0;
  }

  const config::Config& config_;
  config::Resolver resolver_;
  Service service_;
  const RunContext& context_;
  std::vector<std::pair<std::string, engine::SourceOptions>>
      sources_;                // folders, by what they are called
  std::uint64_t largest_ = 0;  // bytes of the largest newest snapshot
};

void examine_clock(AdviceList& advice, const RunContext& context) {
  using std::chrono::year;
  const std::chrono::year_month_day today(
      std::chrono::floor<std::chrono::days>(context.clock.now()));
  if (today.year() < year(2025) || today.year() > year(2100))
    advice.error("clock", "it says " + to_the_second(context.clock.now()),
                 "Set the clock: snapshots are signed with its time.");
  else
    advice.ok("clock", to_the_second(context.clock.now()));
}

void examine_folder(const std::string& subject, const path& folder, AdviceList& advice) {
  const auto made = make_directories(folder);
  if (!made) return advice.error(subject, made.error());
  const auto probe = ScratchDirectory::make(folder);
  if (!probe) return advice.error(subject, probe.error());
  advice.ok(subject, folder.string());
}

// By a restore or an import that was killed.
void examine_set_aside(const path& state, AdviceList& advice) {
  const auto left = engine::mongodb::validators_left(state);
  if (!left) return advice.error("validators", left.error());
  for (const auto& each : *left)
    advice.warning("validators", "an interrupted run set aside those of " + each,
                   "The next restore or import into that database puts them back first.");
}

void examine_secrets(const config::Loaded& loaded, AdviceList& advice) {
  for (const auto& warning : loaded.warnings)
    advice.warning("configuration", config::describe(loaded.config.file.string(), warning), "");
  struct stat status{};
  const bool open_to_all =
      ::stat(loaded.config.file.c_str(), &status) == 0 && (status.st_mode & 077U) != 0;
  const bool secret = std::ranges::any_of(loaded.warnings, [](const auto& warning) {
    return warning.message.ends_with("stands here as plain text");
  });
  if (open_to_all && secret)
    advice.error("configuration",
                 loaded.config.file.string() + " holds a secret and others may read it",
                 "chmod 600 " + loaded.config.file.string());
}

Result<std::vector<engine::Grant>> grants_of(const config::Service& service,
                                             const config::Source& source,
                                             const config::Resolver& resolver) {
  const auto engine = engine::find_engine(source.type);
  if (!engine) return std::vector<engine::Grant>{};
  // Who asks may be about to make the user whose URI is not there yet.
  engine::SourceOptions options;
  options.type = source.type;
  options.database = source.database;
  if (options.database.empty()) options = TRY(resolver.source(source));
  auto grants = TRY((*engine)->grants(options));
  if (!service.markers || service.markers->source != source.name) return grants;
  auto commands = TRY(engine::marker_grants(options, service.markers->name));
  if (!commands.empty()) grants.push_back({"markers", std::move(commands)});
  return grants;
}

}  // namespace

Answer doctor(const Setup& setup, const RunContext& context) {
  AdviceList advice;
  const auto settings = default_settings(setup.environment);
  examine_clock(advice, context);
  examine_folder("state", settings.state, advice);
  examine_folder("cache", settings.cache, advice);
  examine_set_aside(settings.state, advice);
  const auto file = config::find_config(setup.config, setup.environment, setup.working_directory);
  const auto loaded = file ? config::load_config(*file, setup.environment) : fail(file.error());
  if (!loaded) {
    advice.error("configuration", loaded.error());
    auto answer = std::move(advice).answer();
    answer.exit_status = info_of(loaded.error().code()).exit_status;
    return answer;
  }
  advice.ok("configuration", loaded->config.file.string());
  examine_secrets(*loaded, advice);
  Doctor(*loaded, settings, context).examine(advice);
  return std::move(advice).answer();
}

Result<Answer> least_rights(const Setup& setup) {
  const auto file =
      TRY(config::find_config(setup.config, setup.environment, setup.working_directory));
  const auto loaded = TRY(config::load_config(file, setup.environment));
  const config::Resolver resolver(loaded.config, loaded.variables);
  Answer answer{{{"grants", Json::array()}}, 0};
  for (const auto& service : loaded.config.services)
    for (const auto& source : service.sources) {
      const auto subject = service.name + "/" + source.name;
      const auto grants = TRY_CONTEXT("source " + subject, grants_of(service, source, resolver));
      for (const auto& each : grants)
        answer.body["grants"].push_back(
            {{"source", subject}, {"purpose", each.purpose}, {"commands", each.commands}});
    }
  return answer;
}

std::string configuration_schema() { return config::json_schema(); }
std::string configuration_reference() { return config::reference_markdown(); }

}  // namespace lifeboat::service
